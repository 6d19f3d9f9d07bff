// Real LangGraph.js graphs for the tests: a shop with a question, a fan-out that fails, a sub-graph that asks. No model is asked.

import { AIMessage, HumanMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages';
import { Annotation, Command, END, MessagesAnnotation, START, Send, StateGraph, interrupt } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';

const Shop = Annotation.Root({
  ...MessagesAnnotation.spec,
  plan: Annotation<string>,
  budget: Annotation<number>,
  notes: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

function clerk(state: typeof Shop.State): Partial<typeof Shop.State> {
  const said = state.messages.filter((m: BaseMessage) => m.getType() === 'ai').length;
  const call = (
    id: string,
    name: string,
    args: Record<string, unknown>,
  ): { id: string; name: string; args: Record<string, unknown>; type: 'tool_call' } => ({
    id,
    name,
    args,
    type: 'tool_call',
  });
  if (said === 0)
    return {
      messages: [
        new AIMessage({
          id: 'ai-1',
          content: 'Looking it up.',
          tool_calls: [call('call-1', 'look_up', { order: '48213' })],
        }),
      ],
      plan: 'refund in full',
    };
  if (said === 1)
    return {
      messages: [
        new AIMessage({
          id: 'ai-2',
          content: `Plan: ${state.plan}.`,
          tool_calls: [call('call-2', 'refund', { amount: state.budget })],
        }),
      ],
    };
  return { messages: [new AIMessage({ id: 'ai-3', content: `Done with ${state.plan} at ${state.budget}.` })] };
}

function desk(state: typeof Shop.State): Partial<typeof Shop.State> {
  const last = state.messages.at(-1);
  const call = last instanceof AIMessage ? last.tool_calls?.[0] : undefined;
  if (call?.name === 'refund') {
    const answer: unknown = interrupt({ question: 'approve?', amount: call.args['amount'] as number });
    return {
      messages: [
        new ToolMessage({ id: 'tool-2', tool_call_id: 'call-2', content: `answer ${JSON.stringify(answer)}` }),
      ],
      notes: ['asked'],
    };
  }
  return {
    messages: [new ToolMessage({ id: 'tool-1', tool_call_id: 'call-1', content: 'lost in transit' })],
    notes: ['looked up'],
    budget: 240.5,
  };
}

export function shop(saver: SqliteSaver) {
  return new StateGraph(Shop)
    .addNode('clerk', clerk)
    .addNode('desk', desk)
    .addEdge(START, 'clerk')
    .addConditionalEdges(
      'clerk',
      (s: typeof Shop.State) => ((s.messages.at(-1) as AIMessage).tool_calls?.length ? 'desk' : END),
      ['desk', END],
    )
    .addEdge('desk', 'clerk')
    .compile({ checkpointer: saver });
}

const Fan = Annotation.Root({
  topics: Annotation<string[]>,
  found: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

export function fan(saver: SqliteSaver) {
  return new StateGraph(Fan)
    .addNode('plan', () => ({ found: ['planned'] }))
    .addNode('worker', (arg: { topic: string }) => {
      if (arg.topic === 'broken') throw new RangeError('broken topic');
      return { found: [`${arg.topic}!`] };
    })
    .addNode('sum', (s: typeof Fan.State) => ({ found: [`${s.found.length} found`] }))
    .addEdge(START, 'plan')
    .addConditionalEdges('plan', (s: typeof Fan.State) => s.topics.map((topic) => new Send('worker', { topic })), [
      'worker',
    ])
    .addEdge('worker', 'sum')
    .addEdge('sum', END)
    .compile({ checkpointer: saver });
}

const Letter = Annotation.Root({
  text: Annotation<string>,
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

export function nested(saver: SqliteSaver) {
  const child = new StateGraph(Letter)
    .addNode('draft', (s: typeof Letter.State) => ({ text: `${s.text} drafted`, log: ['draft'] }))
    .addNode('review', (s: typeof Letter.State) => ({
      log: [`review ${JSON.stringify(interrupt({ review: s.text }))}`],
    }))
    .addEdge(START, 'draft')
    .addEdge('draft', 'review')
    .addEdge('review', END)
    .compile();
  return new StateGraph(Letter)
    .addNode('prep', (s: typeof Letter.State) => ({ text: `${s.text} prepared`, log: ['prep'] }))
    .addNode('child', child)
    .addNode('fin', (s: typeof Letter.State) => ({ log: [`fin ${s.text}`] }))
    .addEdge(START, 'prep')
    .addEdge('prep', 'child')
    .addEdge('child', 'fin')
    .addEdge('fin', END)
    .compile({ checkpointer: saver });
}

export const at = (
  thread: string,
  checkpoint?: string,
): { configurable: { thread_id: string; checkpoint_id?: string } } => ({
  configurable: { thread_id: thread, ...(checkpoint === undefined ? {} : { checkpoint_id: checkpoint }) },
});

/** Writes the threads `shop` (asks), `done` (answered), `fan` (failed), `nested` (asks inside its sub-graph). */
export async function makeStore(path: string): Promise<void> {
  const saver = SqliteSaver.fromConnString(path);
  const message = (text: string): { messages: BaseMessage[]; budget: number } => ({
    messages: [new HumanMessage({ id: 'h-1', content: text })],
    budget: 1.5,
  });
  await shop(saver).invoke(message('Where is my lamp?'), at('shop'));
  await shop(saver).invoke(message('And mine?'), at('done'));
  await shop(saver).invoke(new Command({ resume: 'yes' }), at('done'));
  await fan(saver)
    .invoke({ topics: ['a', 'broken', 'c'] }, at('fan'))
    .catch((error: unknown) => {
      if (!(error instanceof RangeError)) throw error;
    });
  await nested(saver).invoke({ text: 'letter' }, at('nested'));
  saver.db.close();
}
