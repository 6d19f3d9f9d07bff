// Which store this is, what it can do now, and the way into everything: the palette.

import { ChevronDown, Database, FileInput, FolderOpen, Info, PanelLeft, Search, X } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { actionById } from '../../actions/action.ts';
import { performAction, shortcutText } from '../../actions/keyboard.ts';
import { useHost } from '../../host/host.ts';
import { useConnection, useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { closeStore, openStore, useOpenStore, useSession } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Button, Chip, Kbd, Logo } from '../../ui/controls.tsx';
import { bytes, counted } from '../../ui/format.ts';
import { Dialog, Menu } from '../../ui/overlays.tsx';
import type { MenuItem } from '../../ui/overlays.tsx';
import { KeyButton } from './KeyButton.tsx';
import './toolbar.css';

export const nameOf = (path: string): string =>
  path
    .replace(/[/\\]+$/, '')
    .split(/[/\\]/)
    .pop() ?? path;

/** What the kinds of place are called; a kind that is not here by its own name. */
export const backendName: Readonly<Record<string, string>> = {
  sqlite: 'SQLite',
  files: 'files',
  postgres: 'PostgreSQL',
};

export function Toolbar(): ReactNode {
  const open = useOpenStore();
  const readOnlyHost = useSession((s) => s.host?.readOnly ?? false);
  const [notes, setNotes] = useState(false);
  const connection = useConnection();
  const isGone = useSession((s) => open !== null && s.gone.has(open.store));
  const palette = actionById('palette.open');
  return (
    <header className="toolbar">
      {open !== null && open.info.threads > 0 && connection.connected && !isGone && (
        <Button
          look="quiet"
          icon
          className="toolbar-panes"
          aria-label="Show or hide the threads"
          title={`Show or hide the threads (${shortcutText('Mod+b')})`}
          onClick={() => {
            const toggle = actionById('view.threads');
            if (toggle !== undefined) performAction(toggle);
          }}
        >
          <PanelLeft size={15} />
        </Button>
      )}
      <Logo size={20} />
      <h1 className="only-spoken">{open === null ? 'Forkpoint' : `Forkpoint: ${nameOf(open.info.path)}`}</h1>
      <StoreMenu />
      {open !== null && (
        <div className="toolbar-facts">
          <Chip
            title={`Format: ${open.info.format}${open.info.eras.length > 0 ? ` (${open.info.eras.join(', ')})` : ''}`}
          >
            {open.info.framework} · {backendName[open.info.backend] ?? open.info.backend}
          </Chip>
          {open.info.sealed !== undefined && <KeyButton store={open.store} sealed={open.info.sealed} />}
          {(!open.info.writable || readOnlyHost) && (
            <Chip title="Forkpoint can show everything here and change nothing.">read-only</Chip>
          )}
          {open.info.live && connection.connected && !isGone && (
            <Chip tone="ok" title="What other processes write to this store appears here by itself.">
              <span aria-hidden="true">●</span> live
            </Chip>
          )}
          <Chip>
            <span className="tool-counts">
              {counted(open.info.threads, 'thread')} · {counted(open.info.checkpoints, 'checkpoint')} ·{' '}
              {bytes(open.info.bytes)}
            </span>
          </Chip>
          {open.info.notes.length > 0 && (
            <Button
              look="quiet"
              icon
              aria-label={counted(open.info.notes.length, 'note on this store', 'notes on this store')}
              title={open.info.notes.join('\n')}
              onClick={() => setNotes(true)}
            >
              <Info size={15} />
            </Button>
          )}
          <Dialog
            open={notes}
            title="About this store"
            onClose={() => setNotes(false)}
            buttons={<Button onClick={() => setNotes(false)}>Close</Button>}
          >
            {open.info.notes.map((note) => (
              <p key={note} className="toolbar-note selectable">
                {note}
              </p>
            ))}
            <p className="mono dim selectable toolbar-path">{open.info.path}</p>
          </Dialog>
        </div>
      )}
      <button
        type="button"
        className="toolbar-palette"
        aria-keyshortcuts="Control+k"
        onClick={() => {
          if (palette !== undefined) performAction(palette);
        }}
      >
        <Search size={14} aria-hidden="true" />
        <span className="ellipsis">Go to a thread, a step, a command</span>
        <Kbd shortcut="Mod+k" />
      </button>
    </header>
  );
}

function StoreMenu(): ReactNode {
  const client = useService();
  const host = useHost();
  const open = useOpenStore();
  const stores = useSession((s) => s.stores);
  const sample = useSession((s) => s.host?.sample ?? null);
  const { sayError } = useMessages.getState();
  const choose = host.chooseStore;

  const items: MenuItem[] = stores.map((o) => ({
    id: o.store,
    label: stores.some((p) => p !== o && nameOf(p.info.path) === nameOf(o.info.path))
      ? o.info.path.split(/[/\\]/).slice(-2).join('/')
      : nameOf(o.info.path),
    icon: <Database size={14} />,
    hint: o.store === open?.store ? '✓' : undefined,
    perform: () => useView.getState().showStore(o.store),
  }));
  if (choose !== null) {
    for (const kind of ['file', 'folder'] as const) {
      items.push({
        id: `open.${kind}`,
        label: kind === 'file' ? 'Open a file…' : 'Open a folder…',
        icon: kind === 'file' ? <FileInput size={14} /> : <FolderOpen size={14} />,
        separated: kind === 'file',
        perform: () => {
          choose(kind)
            .then((path) => (path === null ? null : openStore(client, path)))
            .catch(sayError);
        },
      });
    }
  }
  if (sample !== null && stores.every((o) => o.info.path !== sample)) {
    items.push({
      id: 'sample',
      label: 'Open the sample store',
      icon: <Database size={14} />,
      separated: choose === null,
      perform: () => void openStore(client, sample),
    });
  }
  if (open !== null) {
    items.push({
      id: 'close',
      label: `Close ${nameOf(open.info.path)}`,
      icon: <X size={14} />,
      separated: true,
      perform: () => {
        closeStore(client, open.store).catch(sayError);
      },
    });
  }
  const label = open === null ? 'Forkpoint' : nameOf(open.info.path);
  if (items.length === 0) return <span className="toolbar-name ellipsis">{label}</span>;
  return (
    <Menu
      items={items}
      trigger={
        <Button look="quiet" className="toolbar-name" title={open?.info.path} aria-label={`Store: ${label}`}>
          <span className="ellipsis">{label}</span>
          <ChevronDown size={13} />
        </Button>
      }
    />
  );
}
