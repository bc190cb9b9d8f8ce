import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { candidatesOf, llmCalls } from '../../src/llm/calls.js';
import { traceOf } from '../helpers/reading.js';
import { repository } from '../helpers/run.js';
import { matrix } from './matrix.js';

// The examples of docs/agents.md whose libraries are too large to be installed for every test.

const page = readFileSync(join(repository, 'docs/agents.md'), 'utf8');

for (const [name, title] of [
  ['langgraph', 'LangGraph 1, OpenAI'],
  ['ai-sdk', 'AI SDK 6, OpenAI'],
]) {
  test(`docs/agents.md shows ${name}.mjs`, () => {
    expect(page).toContain(readFileSync(join(repository, `fixtures/apps/agents/${name}.mjs`), 'utf8').trim());
  });

  matrix({
    app: 'agents',
    title,
    group: 'Frameworks',
    // A program that imports handit has sessions in a trace without the preload too.
    command: ['node', '--import', 'handit/register', 'main.mjs', name],
    preload: 'none',
    expect({ records }) {
      const trace = traceOf(...records);
      const calls = llmCalls(trace, candidatesOf(trace), (node) => trace.exchange(node));
      const usage = { input: 10, cacheRead: 30, output: 8 };
      const model = 'gpt-4o-2024-08-06';
      expect(calls.map(({ tries, ...call }) => ({ ...call, tries: tries.length }))).toMatchObject([
        {
          provider: 'openai-chat',
          model,
          usage,
          tries: 2,
          stop: 'tool_calls',
          toolCalls: ['weather'],
          error: undefined,
        },
        { provider: 'openai-chat', model, usage, tries: 1, stop: 'stop', toolCalls: [], error: undefined },
      ]);
      expect(calls.map(({ caller }) => trace.functionOf(caller)?.func)).toEqual(['ask', 'ask']);
      expect(calls.map(({ tries: [first] }) => trace.scopeOf(first).session !== -1)).toEqual([
        name === 'langgraph',
        name === 'langgraph',
      ]);
    },
  });
}

for (const [name, title] of [
  ['langgraph-lost', 'LangGraph 1, a stream that breaks off'],
  ['ai-sdk-lost', 'AI SDK 6, a stream that breaks off'],
]) {
  matrix({
    app: 'agents',
    title,
    group: 'Frameworks',
    command: ['node', '--import', 'handit/register', 'main.mjs', name],
    preload: 'none',
    expect({ records }) {
      const trace = traceOf(...records);
      const [call, ...others] = llmCalls(trace, candidatesOf(trace), (node) => trace.exchange(node));
      expect(others).toEqual([]);
      expect({ ...call, tries: call.tries.length }).toMatchObject({
        ...{ provider: 'openai-chat', model: 'gpt-4o-2024-08-06', tries: 2, streamed: true, toolCalls: [] },
        ...{ error: 'server_error: lost', stop: undefined, speed: undefined },
      });
      expect(Object.values(call.usage).filter((count) => count !== undefined)).toEqual([]);
      expect(call.firstToken).toBeGreaterThan(0);
      expect(trace.functionOf(call.caller)?.func).toBe('ask');
    },
  });
}
