// Who is measured, as data: how each is installed, how it starts a program, and how its output proves what it did.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countIn, endOf, filesBelow } from './files.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const register = { require: join(root, 'dist/register.cjs'), import: join(root, 'register.mjs') };

/**
 * @typedef {object} Launch
 * @property {string} node the binary to measure on
 * @property {string[]} args the program and its arguments
 * @property {string} home where the tool is installed
 * @property {string} out a folder of this run alone, for the tool's output
 * @property {string} project the folder that the program runs in
 * @property {number} port of the collector, see collector.mjs
 *
 * @typedef {{ out: string, project: string, spans: number, globals?: string[] }} Output `spans`: how many the collector was
 *   sent; `globals`: the symbols at the global object, where the program was asked for them
 *
 * @typedef {object} Tool
 * @property {string} title
 * @property {{ [name: string]: string }} [packages] exact versions, installed into the cache
 * @property {string} [records] what it says it records
 * @property {number} [share] part of the calls that it is given where handit gets them all, so that the run ends
 * @property {(launch: Launch) => { command: string, args: string[], env?: object }} start
 * @property {(output: Output) => number} [recorded] how many calls of functions its output holds, or samples of them
 * @property {(output: Output) => number} [exchanges] how many HTTP requests its output holds
 * @property {(output: Output) => boolean} [started] whether it was there, in a program that has nothing for it
 * @property {(output: Output) => number} [counted] all calls, those that its caps left out too
 */

/** @type {{ [name: string]: Tool }} */
export const tools = {
  bare: {
    title: 'bare node',
    start: ({ node, args }) => ({ command: node, args }),
  },
  handit: {
    title: 'handit',
    records: 'calls, HTTP',
    start: ({ node, args, out }) => ({
      command: node,
      args: ['--require', register.require, ...args],
      env: { HANDIT_OUTPUT_FILE: join(out, 'trace.jsonl') },
    }),
    recorded: ({ out }) => countIn(join(out, 'trace.jsonl'), '"type":"call"'),
    exchanges: ({ out }) => countIn(join(out, 'trace.jsonl'), '"type":"http_request"'),
    counted({ out }) {
      const file = join(out, 'trace.jsonl');
      const { dropped = {} } = JSON.parse(endOf(file, 10_000).trimEnd().split('\n').at(-1));
      return countIn(file, '"type":"call"') + (dropped.max_calls ?? 0) + (dropped.max_file ?? 0);
    },
  },
  'appmap-node': {
    title: 'appmap-node',
    packages: { 'appmap-node': '2.27.0' },
    records: 'calls, HTTP',
    share: 0.04,
    start: ({ node, args, home }) => ({
      command: node,
      args: [join(home, 'node_modules/appmap-node/bin/appmap-node.js'), node, ...args],
    }),
    recorded: ({ project }) => inAppmaps(project, '"event":"call"'),
    exchanges: ({ project }) =>
      inAppmaps(project, '"http_client_request"') + inAppmaps(project, '"http_server_request"'),
  },
  njstrace: {
    title: 'njstrace',
    packages: { njstrace: '3.0.0' },
    records: 'calls (CommonJS)',
    share: 0.04,
    start: ({ node, args, home, out }) => ({
      command: node,
      args: ['--require', join(root, 'bench/lib/start-njstrace.cjs'), ...args],
      env: { NJSTRACE: join(home, 'node_modules/njstrace'), NJSTRACE_OUTPUT: join(out, 'njstrace.txt') },
    }),
    recorded: ({ out }) => countIn(join(out, 'njstrace.txt'), '--> '),
  },
  opentelemetry: {
    title: 'OpenTelemetry',
    packages: { '@opentelemetry/auto-instrumentations-node': '0.82.0', '@opentelemetry/api': '1.10.0' },
    records: 'HTTP, libraries',
    start: ({ node, args, home, port }) => ({
      command: node,
      args: [
        '--require',
        join(home, 'node_modules/@opentelemetry/auto-instrumentations-node/dist/register.cjs'),
        ...args,
      ],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_SERVICE_NAME: 'bench',
      },
    }),
    recorded: ({ spans }) => spans,
    exchanges: ({ spans }) => spans,
    started: ({ globals }) => !globals || globals.includes('Symbol(opentelemetry.js.api.1)'),
  },
  'dd-trace': {
    title: 'dd-trace',
    packages: { 'dd-trace': '6.21.0' },
    records: 'HTTP, libraries',
    start: ({ node, args, home, port }) => ({
      command: node,
      args: ['--require', join(home, 'node_modules/dd-trace/init.js'), ...args],
      env: {
        DD_TRACE_AGENT_URL: `http://127.0.0.1:${port}`,
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
        DD_REMOTE_CONFIGURATION_ENABLED: 'false',
        DD_TRACE_STARTUP_LOGS: 'false',
        DD_SERVICE: 'bench',
      },
    }),
    recorded: ({ spans }) => spans,
    exchanges: ({ spans }) => spans,
    started: ({ globals }) => !globals || globals.includes('Symbol(dd-trace)'),
  },
  'cpu-prof': {
    title: 'node --cpu-prof',
    records: 'samples',
    start: ({ node, args, out }) => ({ command: node, args: ['--cpu-prof', '--cpu-prof-dir', out, ...args] }),
    recorded: ({ out, project }) => profiles(out).reduce((sum, file) => sum + samplesIn(file, project), 0),
    started: ({ out }) => profiles(out).length > 0,
  },
};

/** It writes into tmp/appmap of the project. */
function inAppmaps(project, text) {
  return filesBelow(join(project, 'tmp'))
    .filter((file) => /appmap\.json/.test(file))
    .reduce((sum, file) => sum + countIn(file, text), 0);
}

function profiles(out) {
  return filesBelow(out).filter((file) => file.endsWith('.cpuprofile'));
}

/** Samples that met a function of the project. */
function samplesIn(file, project) {
  const { nodes } = JSON.parse(readFileSync(file, 'utf8'));
  return nodes
    .filter(({ callFrame }) => callFrame.url.includes(project))
    .reduce((sum, { hitCount }) => sum + hitCount, 0);
}
