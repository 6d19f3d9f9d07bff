// Makes the bundled sample store with the real LangGraph.js: forks, a question that waits, a sub-graph, a failure, a long run.
// Run by hand when the sample should change: `node scripts/make-sample.ts`. The story is scripted, so no model is asked.

import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AIMessage, HumanMessage, SystemMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages';
import {
  Annotation,
  Command,
  END,
  MessagesAnnotation,
  START,
  StateGraph,
  interrupt,
  type LangGraphRunnableConfig,
} from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';

const path = process.argv[2] ?? fileURLToPath(new URL('../fixtures/sample/support-agent.sqlite', import.meta.url));
for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });

interface Carrier {
  readonly name: string;
  readonly price: number;
  readonly days: number;
}
interface Order {
  readonly id: string;
  readonly total: number;
  readonly items: readonly { readonly sku: string; readonly qty: number; readonly note?: string }[];
  readonly status: string;
}

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  plan: Annotation<string>,
  budget: Annotation<number>,
  orders: Annotation<Record<string, Order>>({ reducer: (a, b) => ({ ...a, ...b }), default: () => ({}) }),
  carriers: Annotation<Carrier[]>,
  facts: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
type S = typeof State.State;

/** What the scripted model says at its n-th turn of a thread. */
type Turn = {
  readonly say: string;
  readonly call?: { readonly name: string; readonly args: Record<string, unknown> };
  readonly plan?: string;
};

const orders: Record<string, Order> = {
  '48213': {
    id: '48213',
    total: 240.5,
    status: 'lost in transit',
    items: [
      { sku: 'LAMP-2', qty: 1, note: 'gift wrap' },
      { sku: 'BULB-E27', qty: 4 },
    ],
  },
  '48190': { id: '48190', total: 1299, status: 'paid', items: [{ sku: 'FLIGHT-BER-OSL', qty: 2 }] },
  '48011': { id: '48011', total: 18.9, status: 'delivered', items: [{ sku: 'ЧАЙ-ИВАН', qty: 3, note: 'подарок' }] },
};

const stories: Record<string, readonly Turn[]> = {
  'order-48213': [
    {
      say: 'Let me look at the order first.',
      call: { name: 'look_up_order', args: { order: '48213' } },
      plan: '1. look up the order  2. refund in full  3. mail the customer',
    },
    {
      say: 'The parcel is lost. I will compare carriers for a replacement.',
      call: { name: 'research', args: { question: 'Which carriers deliver to Tromsø within 5 days?' } },
    },
    {
      say: 'Two carriers can do it. Checking their prices.',
      call: { name: 'quote_carriers', args: { to: 'Tromsø', weight_kg: 2.4 } },
    },
    {
      say: 'A refund in full is the safe way. Asking for approval.',
      call: { name: 'refund', args: { order: '48213', amount: 240.5 } },
    },
    { say: 'The refund is on its way. I have told the customer.' },
  ],
  'order-48190': [
    {
      say: 'I will look up the booking.',
      call: { name: 'look_up_order', args: { order: '48190' } },
      plan: '1. find the booking  2. search a later flight  3. rebook',
    },
    {
      say: 'Searching for flights on the next day.',
      call: { name: 'search_flights', args: { from: 'BER', to: 'OSL', date: '2026-11-21' } },
    },
  ],
  'заказ-48011': [
    {
      say: 'Смотрю заказ.',
      call: { name: 'look_up_order', args: { order: '48011' } },
      plan: '1. проверить заказ  2. ответить',
    },
    { say: 'Заказ доставлен вчера в 14:20. Приятного чаепития! 🫖' },
  ],
  'approvals-demo': [
    {
      say: 'This needs a person.',
      call: { name: 'refund', args: { order: '48213', amount: 12 } },
      plan: '1. ask  2. refund',
    },
    { say: 'Thank you.' },
  ],
};
function turnOf(thread: string, n: number): Turn {
  const story = stories[thread];
  if (story !== undefined) return story[n] ?? { say: 'Is there anything else I can do?' };
  // the long evaluation run: forty look-ups, then done
  if (n < 40)
    return {
      say: `Case ${n + 1}: checking order ${48000 + n}.`,
      call: { name: 'look_up_order', args: { order: n % 3 === 0 ? '48213' : '48011' } },
      plan: `checked ${n} of 40`,
    };
  return { say: 'All 40 cases are checked: 39 agree, 1 differs (order 48027).' };
}

const Research = Annotation.Root({
  question: Annotation<string>,
  hits: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  facts: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
const research = new StateGraph(Research)
  .addNode('search', () => ({
    hits: ['north-post.example/delivery', 'fjord-cargo.example/rates', 'east-line.example/faq'],
  }))
  .addNode('read', (s: typeof Research.State) => ({ hits: s.hits.map((h) => `${h} read`).slice(0, 1) }))
  .addNode('summarise', () => ({ facts: ['North Post: 4 days to Tromsø', 'Fjord Cargo: 5 days, cheaper above 2 kg'] }))
  .addEdge(START, 'search')
  .addEdge('search', 'read')
  .addEdge('read', 'summarise')
  .addEdge('summarise', END)
  .compile();

const threadOf = (config: LangGraphRunnableConfig): string => String(config.configurable?.['thread_id'] ?? '');

function model(state: S, config: LangGraphRunnableConfig): Partial<S> {
  const thread = threadOf(config);
  const n = state.messages.filter((m: BaseMessage) => m.getType() === 'ai').length;
  const turn = turnOf(thread, n);
  const id = `ai-${n + 1}`;
  const message = new AIMessage({
    id,
    content: turn.say,
    tool_calls:
      turn.call === undefined
        ? []
        : [{ id: `call-${n + 1}`, name: turn.call.name, args: turn.call.args, type: 'tool_call' }],
  });
  return turn.plan === undefined ? { messages: [message] } : { messages: [message], plan: turn.plan };
}

function lastCall(state: S): { id: string; name: string; args: Record<string, unknown> } | null {
  const last = state.messages.at(-1);
  const call = last instanceof AIMessage ? last.tool_calls?.[0] : undefined;
  return call === undefined ? null : { id: call.id ?? '', name: call.name, args: call.args };
}

const toolMessage = (id: string, call: string, name: string, content: unknown): ToolMessage =>
  new ToolMessage({
    id: `tool-${id}`,
    tool_call_id: call,
    name,
    content: typeof content === 'string' ? content : JSON.stringify(content),
  });

function tools(state: S): Partial<S> {
  const call = lastCall(state);
  if (call === null) return {};
  const reply = (content: unknown): ToolMessage =>
    toolMessage(call.id.replace('call-', ''), call.id, call.name, content);
  switch (call.name) {
    case 'look_up_order': {
      const order = orders[String(call.args['order'])];
      return order === undefined
        ? { messages: [reply('no such order')] }
        : { messages: [reply(order)], orders: { [order.id]: order }, budget: order.total };
    }
    case 'quote_carriers': {
      const carriers: Carrier[] = [
        { name: 'North Post', price: 60.5, days: 4 },
        { name: 'Fjord Cargo', price: 41.25, days: 5 },
        { name: 'East Line', price: 205.5, days: 2 },
      ];
      return { messages: [reply(carriers)], carriers };
    }
    case 'refund': {
      const answer = interrupt({
        question: `approve refund of ${Number(call.args['amount']).toFixed(2)}?`,
        order: call.args['order'],
        options: ['approve', 'refuse'],
      });
      return { messages: [reply({ refund: answer })] };
    }
    case 'search_flights':
      throw new RangeError('no flights for 2026-11-21: the date lies before the booking (2026-11-22)');
    default:
      return { messages: [reply(`unknown tool ${call.name}`)] };
  }
}

function reported(state: S): Partial<S> {
  const call = lastCall(state);
  return call === null
    ? {}
    : { messages: [toolMessage(call.id.replace('call-', ''), call.id, call.name, state.facts.join('; '))] };
}

function route(state: S): string {
  const call = lastCall(state);
  if (call === null) return END;
  return call.name === 'research' ? 'research' : 'tools';
}

const saver = SqliteSaver.fromConnString(path);
const graph = new StateGraph(State)
  .addNode('model', model)
  .addNode('tools', tools)
  .addNode('research', research)
  .addNode('report', reported)
  .addEdge(START, 'model')
  .addConditionalEdges('model', route, ['tools', 'research', END])
  .addEdge('tools', 'model')
  .addEdge('research', 'report')
  .addEdge('report', 'model')
  .compile({ checkpointer: saver });

const config = (thread: string, limit = 200): { configurable: { thread_id: string }; recursionLimit: number } => ({
  configurable: { thread_id: thread },
  recursionLimit: limit,
});
const ask = (
  text: string,
  system = 'You are the support agent of a small shop. Never promise what the carrier cannot keep.',
): { messages: BaseMessage[] } => ({
  messages: [new SystemMessage({ id: 'sys', content: system }), new HumanMessage({ id: 'h-1', content: text })],
});

async function run(thread: string, input: Parameters<typeof graph.invoke>[0]): Promise<void> {
  try {
    await graph.invoke(input, config(thread));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the failure that this thread is meant to show
  }
}

await run('eval/2026-11-20/case-17', ask('Check all open orders.', 'You check orders one by one.'));
await run('заказ-48011', ask('Где мой заказ 48011?'));
await run('approvals-demo', ask('Please refund 12.00 for the scratched lamp.'));
await run('order-48190', ask('My flight was cancelled. Can you rebook me for the next day?'));
await run('order-48213', ask('My lamp never arrived. What now?'));
await run('order-48213', new Command({ resume: { decision: 'approve', by: 'dana' } }));

// two forks, made the way LangGraph makes them: an edited plan after the quotes, and once more from there
const history = [];
for await (const snapshot of graph.getStateHistory(config('order-48213'))) history.push(snapshot);
const quoted = history.find(
  (s) =>
    s.next[0] === 'model' &&
    s.values.carriers !== undefined &&
    s.values.messages.filter((m: BaseMessage) => m.getType() === 'ai').length === 3,
);
if (quoted === undefined) throw new Error('the sample story did not reach the quotes');
const forked = await graph.updateState(
  quoted.config,
  {
    plan: '1. look up the order  2. offer the cheaper carrier, then refund the difference  3. mail the customer',
    budget: 180,
  },
  'tools',
);
await graph.invoke(null, forked);
const second = await graph.updateState(forked, { budget: 120.25 }, 'tools');
await graph.invoke(null, second);

saver.db.pragma('wal_checkpoint(TRUNCATE)');
saver.db.close();
console.log(`wrote ${path}`);
