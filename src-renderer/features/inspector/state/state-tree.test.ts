import { describe, expect, it } from 'vitest';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';
import { StateTree, chunkSize } from './state-tree.ts';

const leaf = (ordinal: number, label: string): ValueNode => ({
  ordinal,
  label,
  path: label,
  kind: 'integer',
  tag: null,
  short: String(ordinal),
  cut: false,
  children: 0,
  bytes: 1,
});

/** `orders` with a million items, each item a map of two. */
function source(labels = ['plan', 'orders']): {
  asked: string[];
  read: (
    path: OrdinalPath,
    from: number,
    count: number,
  ) => Promise<{ node: null; children: ValueNode[]; total: number }>;
} {
  const asked: string[] = [];
  const sizes = [labels.length, 1_000_000, 2];
  return {
    asked,
    read: async (path, from, count) => {
      asked.push(`${path.join('.')}@${from}`);
      const total = sizes[path.length] ?? 0;
      const length = Math.max(0, Math.min(count, total - from));
      const children = Array.from({ length }, (_, i) => ({
        ...leaf(from + i, path.length === 0 ? (labels[i] ?? '') : String(from + i)),
        children: path.length === 0 && labels[i] === 'plan' ? 0 : (sizes[path.length + 1] ?? 0),
      }));
      return { node: null, children, total };
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the tree of a state', () => {
  it('reads windows of a long list, the end included, and each once', async () => {
    const { asked, read } = source();
    const tree = new StateTree(read, () => {});
    await tree.load();
    tree.open([1]);
    await settle();
    expect(tree.rows).toBe(1_000_002);
    tree.want(999_990, 1_000_002);
    tree.want(999_990, 1_000_002);
    await settle();
    expect(tree.row(1_000_001).node?.label).toBe('999999');
    expect(asked).toEqual(['@0', '1@0', `1@${1_000_000 - chunkSize}`]);
  });

  it('opens again by labels what was open in the checkpoint before', async () => {
    const first = new StateTree(source().read, () => {});
    await first.load();
    first.open([1]);
    await settle();
    first.open([1, 3]);
    const next = new StateTree(source(['budget', 'plan', 'orders']).read, () => {}, first.openLabels);
    await next.load();
    expect(next.isOpen([2])).toBe(true);
    expect(next.isOpen([2, 3])).toBe(true);
    expect(next.isOpen([1])).toBe(false);
  });

  it('reveals a place deep in a list', async () => {
    const tree = new StateTree(source().read, () => {});
    await tree.load();
    expect(await tree.reveal([1, 500_000, 1])).toBe(2 + 500_000 + 2);
    expect(tree.row(500_004).node?.label).toBe('1');
  });

  it('keeps an error as a state', async () => {
    const tree = new StateTree(
      async () => Promise.reject(new Error('torn')),
      () => {},
    );
    await tree.load();
    expect(tree.loaded).toBe(false);
    expect(tree.error).toBeInstanceOf(Error);
  });
});

describe('what was looked at', () => {
  it('is kept up to a bound, and read again when it comes back', async () => {
    const { asked, read } = source();
    const tree = new StateTree(read, () => {});
    await tree.load();
    tree.open([1]);
    await settle();
    tree.want(0, 60_000);
    await settle();
    expect(tree.nodeAt([1])).not.toBeNull();
    expect(tree.row(10).node).toBeNull();
    tree.want(10, 11);
    await settle();
    expect(tree.row(10).node?.label).toBe('8');
    expect(asked.filter((a) => a === '1@0')).toHaveLength(2);
  });
});
