// The state as a tree: 24 px rows, keyboard as trees have it, long texts and pictures unfolded in place.

import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { ContextMenu } from '@base-ui/react/context-menu';
import { ChevronRight } from 'lucide-react';
import { isPlumbing } from '../../../../shared/model/channels.ts';
import type { Provenance } from '../../../../shared/model/shapes.ts';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';
import { Kbd } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { pictureIn } from '../../../values/raster.ts';
import { useFixedRows } from '../fixed-rows.ts';
import { MarkedText } from '../MarkedText.tsx';
import { ValueBlock, slotsFor } from './ValueBlock.tsx';
import type { ShownTree } from './use-state-tree.ts';
import type { TreeRow } from './state-tree.ts';

const rowHeight = 24;

export interface NodeCommands {
  readonly copyValue: (node: ValueNode, at: OrdinalPath) => void;
  readonly copyPath: (node: ValueNode) => void;
  /** Null where the state cannot be edited. */
  readonly edit: ((node: ValueNode, at: OrdinalPath) => void) | null;
  readonly append: (node: ValueNode) => void;
  readonly remove: (node: ValueNode) => void;
}

export interface StateTreeViewProps {
  readonly shown: ShownTree;
  readonly active: OrdinalPath | null;
  readonly onActive: (at: OrdinalPath, node: ValueNode | null) => void;
  readonly provenance: Readonly<Record<string, Provenance>>;
  /** What is searched for, to be marked in the rows. */
  readonly mark: string;
  readonly commands: NodeCommands;
  /** Grows when `active` was set from outside (find, address) and is to be brought to the middle. */
  readonly revealed: number;
}

export function StateTreeView(props: StateTreeViewProps): ReactNode {
  const { shown, active, onActive, commands } = props;
  const { tree } = shown;
  const { scroller, space, from, to, top: windowTop, page, reveal } = useFixedRows(tree.rows, rowHeight);
  const id = useId();
  const activeIndex = active === null ? -1 : tree.indexOf(active);
  const [menuAt, setMenuAt] = useState<OrdinalPath | null>(null);

  useEffect(() => {
    tree.want(from, to);
    // The version is not read but says that there may be more to want.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [tree, tree.version, from, to]);
  const revealed = useRef(props.revealed);
  useEffect(() => {
    if (activeIndex >= 0) reveal(activeIndex, revealed.current !== props.revealed);
    revealed.current = props.revealed;
  }, [activeIndex, props.revealed, reveal]);

  // What was unfolded below its row comes into view as far as it fits, the row itself in any case.
  const unfolded = useRef<OrdinalPath | null>(null);
  // After every picture, because the rows below are only laid out by the one after the gesture.
  useEffect(() => {
    const path = unfolded.current;
    const index = path === null ? -1 : tree.indexOf(path);
    unfolded.current = null;
    if (path === null || index < 0) return;
    reveal(index + tree.blockOf(path));
    reveal(index);
  });

  /** The nearest row of a value at or beyond `index`, skipping the slots of blocks. */
  const move = (index: number, direction: 1 | -1): void => {
    let at = Math.max(0, Math.min(index, tree.rows - 1));
    let row = tree.rows > 0 ? tree.row(at) : null;
    while (row !== null && row.slot >= 0) {
      at += direction;
      if (at < 0 || at >= tree.rows) {
        direction = -1;
        at = tree.rows - 1;
      }
      row = tree.row(at);
    }
    if (row !== null) onActive(row.path, row.node);
  };

  const unfold = (path: OrdinalPath, node: ValueNode): void => {
    if (node.children > 0) tree.toggle(path);
    else if (unfolds(node)) {
      const slots = tree.blockOf(path) > 0 ? 0 : slotsFor(node);
      if (slots > 0) unfolded.current = path;
      tree.setBlock(path, slots);
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const node = active === null ? null : tree.nodeAt(active);
    if (event.ctrlKey || event.metaKey) {
      if (node === null || active === null || event.key.toLowerCase() !== 'c') return;
      // Text that was marked with the mouse is copied by the browser.
      if (!event.shiftKey && (window.getSelection()?.toString() ?? '') !== '') return;
      if (event.shiftKey) commands.copyPath(node);
      else commands.copyValue(node, active);
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    switch (event.key) {
      case 'ArrowDown':
        move(activeIndex + 1, 1);
        break;
      case 'ArrowUp':
        move(activeIndex < 0 ? 0 : activeIndex - 1, -1);
        break;
      case 'PageDown':
        move(activeIndex + page, 1);
        break;
      case 'PageUp':
        move(activeIndex - page, -1);
        break;
      case 'Home':
        move(0, 1);
        break;
      case 'End':
        move(tree.rows - 1, -1);
        break;
      case 'ArrowRight':
        if (node === null || active === null) return move(0, 1);
        if (node.children > 0 && !tree.isOpen(active)) tree.open(active);
        else if (node.children > 0) move(activeIndex + 1, 1);
        else if (unfolds(node) && tree.blockOf(active) === 0) unfold(active, node);
        break;
      case 'ArrowLeft':
        if (node === null || active === null) return;
        if (tree.isOpen(active) && node.children > 0) tree.close(active);
        else if (tree.blockOf(active) > 0) tree.setBlock(active, 0);
        else if (active.length > 1) onActive(active.slice(0, -1), tree.nodeAt(active.slice(0, -1)));
        break;
      case 'Enter':
      case ' ':
        if (node === null || active === null) return;
        unfold(active, node);
        break;
      case '*':
        if (active !== null) tree.openSiblings(active);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  const drawn: ReactNode[] = [];
  for (let i = from; i < to; i++) {
    const row = tree.row(i);
    const top = (i - from) * rowHeight;
    const key = row.path.join('.');
    if (row.slot < 0) {
      drawn.push(
        <TreeItem
          key={key}
          id={`${id}-${key}`}
          row={row}
          top={top}
          current={i === activeIndex}
          open={row.node !== null && row.node.children > 0 ? tree.isOpen(row.path) : undefined}
          unfolded={tree.blockOf(row.path) > 0}
          provenance={row.path.length === 1 && row.node !== null ? props.provenance[row.node.label] : undefined}
          mark={props.mark}
          onPress={() => onActive(row.path, row.node)}
          onUnfold={() => row.node !== null && unfold(row.path, row.node)}
        />,
      );
    } else if ((row.slot === 0 || i === from) && row.node !== null) {
      const slots = tree.blockOf(row.path);
      drawn.push(
        <div
          key={`${key}~`}
          className="tree-block"
          role="none"
          style={{
            top: top - row.slot * rowHeight,
            height: slots * rowHeight,
            paddingLeft: indentOf(row.path.length) + 18,
          }}
        >
          <ValueBlock shown={shown} at={row.path} node={row.node} />
        </div>,
      );
    }
  }

  const menuNode = menuAt === null ? null : tree.nodeAt(menuAt);
  const pathOfEvent = (event: MouseEvent): OrdinalPath | null => {
    const item = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-at]') : null;
    return item?.dataset['at'] === undefined ? null : item.dataset['at'].split('.').map(Number);
  };

  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger
        ref={scroller}
        className="tree"
        role="tree"
        aria-label="State"
        aria-activedescendant={activeIndex >= from && activeIndex < to ? `${id}-${active?.join('.') ?? ''}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onContextMenu={(event: MouseEvent) => {
          const at = pathOfEvent(event) ?? active;
          setMenuAt(at);
          if (at !== null) onActive(at, tree.nodeAt(at));
        }}
      >
        <div className="tree-space" role="none" style={{ height: space }}>
          <div className="tree-window" role="none" style={{ translate: `0 ${windowTop}px` }}>
            {drawn}
          </div>
        </div>
      </ContextMenu.Trigger>
      {menuNode !== null && menuAt !== null && (
        <ContextMenu.Portal>
          <ContextMenu.Positioner className="menu-positioner">
            <ContextMenu.Popup className="menu">
              <ContextMenu.Item className="menu-item" onClick={() => commands.copyValue(menuNode, menuAt)}>
                Copy value
                <span className="menu-hint">
                  <Kbd shortcut="Mod+c" />
                </span>
              </ContextMenu.Item>
              {menuNode.path !== null && (
                <ContextMenu.Item className="menu-item" onClick={() => commands.copyPath(menuNode)}>
                  Copy path
                  <span className="menu-hint">
                    <Kbd shortcut="Mod+Shift+c" />
                  </span>
                </ContextMenu.Item>
              )}
              {(menuNode.children > 0 || unfolds(menuNode)) && (
                <ContextMenu.Item className="menu-item" onClick={() => unfold(menuAt, menuNode)}>
                  {menuNode.children > 0 ? (tree.isOpen(menuAt) ? 'Close' : 'Open') : 'Show all'}
                  <span className="menu-hint">
                    <Kbd shortcut="Enter" />
                  </span>
                </ContextMenu.Item>
              )}
              {commands.edit !== null && menuNode.path !== null && (
                <>
                  <div className="menu-line" role="separator" />
                  <ContextMenu.Item className="menu-item" onClick={() => commands.edit?.(menuNode, menuAt)}>
                    Edit…
                    <span className="menu-hint">
                      <Kbd shortcut="e" />
                    </span>
                  </ContextMenu.Item>
                  {menuNode.kind === 'list' && (
                    <ContextMenu.Item className="menu-item" onClick={() => commands.append(menuNode)}>
                      Append an item…
                    </ContextMenu.Item>
                  )}
                  <ContextMenu.Item className="menu-item" onClick={() => commands.remove(menuNode)}>
                    Remove…
                  </ContextMenu.Item>
                </>
              )}
            </ContextMenu.Popup>
          </ContextMenu.Positioner>
        </ContextMenu.Portal>
      )}
    </ContextMenu.Root>
  );
}

/** Whether there is more to a value than its row shows: the rest of a long one, or the picture that its text is. */
const unfolds = (node: ValueNode): boolean =>
  node.children === 0 && (node.cut || (node.kind === 'string' && pictureIn(unquoted(node.short)) !== null));

const unquoted = (short: string): string => short.replace(/^"/, '');

/** Deep nesting stops moving to the right, so that a hostile depth cannot push every row out of the window. */
const indentOf = (depth: number): number => 8 + Math.min(depth - 1, 24) * 16;

function TreeItem(props: {
  readonly id: string;
  readonly row: TreeRow;
  readonly top: number;
  readonly current: boolean;
  readonly open: boolean | undefined;
  readonly unfolded: boolean;
  readonly provenance: Provenance | undefined;
  readonly mark: string;
  readonly onPress: () => void;
  readonly onUnfold: () => void;
}): ReactNode {
  const { row, open } = props;
  const { node } = row;
  const ordinal = row.path.at(-1) ?? 0;
  return (
    <div
      id={props.id}
      className={`tree-row ${props.current ? 'tree-row-current' : ''}`}
      role="treeitem"
      aria-label={node === null ? `${ordinal}` : `${node.label} ${node.short}`}
      aria-level={row.path.length}
      aria-setsize={row.siblings}
      aria-posinset={ordinal + 1}
      aria-selected={props.current}
      aria-expanded={open}
      data-at={row.path.join('.')}
      style={{ top: props.top, paddingLeft: indentOf(row.path.length) }}
      onPointerDown={(event) => event.button === 0 && props.onPress()}
      onDoubleClick={props.onUnfold}
    >
      <span
        className={`tree-twist ${open === true ? 'tree-twist-open' : ''}`}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (open === undefined || event.button !== 0) return;
          props.onUnfold();
        }}
        onDoubleClick={(event) => event.stopPropagation()}
      >
        {open !== undefined && <ChevronRight size={13} />}
      </span>
      {node === null ? (
        <span className="tree-missing" />
      ) : (
        <>
          <span className={`tree-label mono ${row.path.length === 1 && isPlumbing(node.label) ? 'tree-plumbing' : ''}`}>
            <MarkedText text={node.label} mark={props.mark} />
          </span>
          <span className={`tree-value mono value-${node.kind}`}>
            {open !== true && <MarkedText text={shortOf(node)} mark={props.mark} />}
          </span>
          {unfolds(node) && (
            <button type="button" tabIndex={-1} className="link tree-all" onClick={props.onUnfold}>
              {props.unfolded
                ? 'fold'
                : pictureIn(unquoted(node.short)) !== null
                  ? 'show picture'
                  : `show all ${format.bytes(node.bytes)}`}
            </button>
          )}
          <span className="tree-side">
            {props.provenance !== undefined && props.provenance !== 'stored' && (
              <span className="tree-provenance" title={provenanceSentence[props.provenance]}>
                {props.provenance}
              </span>
            )}
            <span className="tree-kind ellipsis">{node.tag ?? kindWord(node)}</span>
            <span className="tree-bytes">{format.bytes(node.bytes)}</span>
          </span>
        </>
      )}
    </div>
  );
}

/** The value in short; how many items a plain list holds with separators, as every figure. */
const shortOf = (node: ValueNode): string =>
  node.kind === 'list' && node.children > 999 && node.short === `${node.children} items`
    ? format.counted(node.children, 'item')
    : node.short;

/** The kind in people's words; how many a container holds stands in its value. */
function kindWord(node: ValueNode): string {
  return node.kind === 'string' ? 'text' : node.kind;
}

/** Where a member of the state comes from, said on hover. */
const provenanceSentence: Readonly<Record<Provenance, string>> = {
  stored: 'Stored at this checkpoint.',
  elsewhere: 'Stored beside an earlier checkpoint, under the same version.',
  reconstructed: 'Put together from a stored value and the updates after it.',
  derived: 'Worked out from what later steps did.',
  opaque: 'Stored in a form that cannot be read without running code or a key.',
  absent: 'Not stored at this checkpoint.',
};
