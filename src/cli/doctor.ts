import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { readConfig } from '../config.js';
import { counted, REMEDIES, droppedText, isAsked } from '../reader/missing.js';
import { InputError, openTrace, segmentsOf } from '../reader/node/open-trace.js';
import type { Trace } from '../reader/trace.js';
import type { Process } from '../reader/types.js';
import { version } from '../version.js';
import { type Command, JSON_OPTION } from './command.js';
import { paint } from './escape.js';
import { DEFAULT_FILE } from './inputs.js';

interface Finding {
  level: 'ok' | 'note' | 'problem';
  text: string;
}

interface Surroundings {
  files: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** `process.versions.node`. */
  node: string;
}

/** Why nothing, or too little, was recorded. */
export const doctorCommand: Command = {
  usage: '[file...]',
  summary: 'why nothing, or too little, was recorded',
  options: { json: JSON_OPTION },
  async run({ files, values, out }) {
    const inputs = files.length === 0 ? [DEFAULT_FILE] : files;
    const findings = await diagnose({
      files: inputs,
      env: process.env,
      cwd: process.cwd(),
      node: process.versions.node,
    });
    for (const finding of findings) {
      if (values.json === true) out.json(finding);
      else out.line(`${MARKS[finding.level]}  ${finding.text}`);
    }
    if (findings.some(({ level }) => level === 'problem')) process.exitCode = 1;
  },
};

const MARKS = { ok: paint.green('ok  '), note: paint.yellow('note'), problem: paint.red('FAIL') };

/** The Node version, the package, the settings, and what the trace says. */
async function diagnose({ files, env, cwd, node }: Surroundings): Promise<Finding[]> {
  return [...ofNode(node), ...ofPackage(cwd), ...ofSettings(env, cwd), ...(await ofFiles(files))];
}

async function ofFiles(files: readonly string[]): Promise<Finding[]> {
  const [file] = files;
  if (files.length === 1 && file !== '-' && !existsSync(file) && segmentsOf(file).length === 0) {
    const text = `there is no trace ${resolve(file)}: no process that loaded one of its own files ran under handit there`;
    return [{ level: 'problem', text }];
  }
  try {
    const trace = await openTrace(files);
    const findings = ofTrace(trace, files.join(', '));
    trace.close();
    return findings;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [{ level: 'problem', text: error.message }];
  }
}

function ofNode(node: string): Finding[] {
  const [major, minor] = node.split('.').map(Number);
  const text = `Node ${node}`;
  if (major > 20 || (major === 20 && minor >= 19)) return [{ level: 'ok', text }];
  return [{ level: 'problem', text: `${text} is too old: handit needs 20.19 or newer` }];
}

function ofPackage(cwd: string): Finding[] {
  try {
    const register = createRequire(join(cwd, 'any.js')).resolve('handit/register');
    const found = JSON.parse(readFileSync(join(dirname(dirname(register)), 'package.json'), 'utf8')) as {
      version: string;
    };
    const level = found.version === version ? 'ok' : 'note';
    return [{ level, text: `handit/register is version ${found.version}; this command is version ${version}` }];
  } catch {
    const text = `handit/register is not found from ${cwd}: install it there with npm install --save-dev handit, or use the command "handit app.js"`;
    return [{ level: 'note', text }];
  }
}

function ofSettings(env: NodeJS.ProcessEnv, cwd: string): Finding[] {
  const findings: Finding[] = [];
  const config = readConfig(env, cwd, process.pid, (text) => findings.push({ level: 'problem', text }));
  const note = (text: string): number => findings.push({ level: 'note', text });
  if (!config.enabled)
    findings.push({ level: 'problem', text: `HANDIT_ENABLED=${env.HANDIT_ENABLED}: nothing is recorded` });
  if (config.include) note(`HANDIT_INCLUDE=${env.HANDIT_INCLUDE}: only what matches is recorded`);
  if (config.exclude) note(`HANDIT_EXCLUDE=${env.HANDIT_EXCLUDE}: what matches is not recorded`);
  if (config.sampleRate < 1) note(`HANDIT_SAMPLE_RATE=${config.sampleRate}: the rest is counted only`);
  if (env.NODE_OPTIONS && /handit/.test(env.NODE_OPTIONS)) note(`NODE_OPTIONS=${env.NODE_OPTIONS}`);
  for (const flag of env.NODE_OPTIONS?.split(/\s+/) ?? []) if (FORBIDDING.test(flag)) findings.push(flagFinding(flag));
  if (/[/\\]node_modules([/\\]|$)/.test(cwd)) {
    findings.push({
      level: 'problem',
      text: `the working directory lies in node_modules, of which nothing is recorded`,
    });
  }
  return findings;
}

function ofTrace(trace: Trace, file: string): Finding[] {
  const findings: Finding[] = [];
  const add = (level: Finding['level'], text: string): number => findings.push({ level, text });
  const chosen = lastRun(trace);
  const calls = sum(chosen, ({ calls: count }) => count);
  const exchanges = sum(chosen, ({ exchanges: count }) => count);
  const run = trace.runs.length > 1 ? ` in the last of ${trace.runs.length} runs` : '';
  const of = `${counted(calls, 'call')} and ${counted(exchanges, 'HTTP exchange')}`;
  add(calls > 0 ? 'ok' : 'note', `${file} holds ${of} of ${counted(chosen.length, 'process', 'processes')}${run}`);
  const inRun = new Set(chosen.map(({ index }) => index));
  const skipped = new Map(
    trace.skipped.filter(({ process }) => inRun.has(process)).map((one) => [one.file, one.reason]),
  );
  // What the process says of a pattern that matched nothing, see `tellUnmatched`.
  const unmatched = skipped.get('.');
  skipped.delete('.');
  const files = sum(chosen, ({ end }) => end?.files ?? 0);
  if (files > 0) add('ok', `${counted(files, 'file')} ${files === 1 ? 'was' : 'were'} rewritten`);
  else if (unmatched === undefined && calls === 0 && chosen.some(({ end }) => end)) {
    const folder = trace.folders[chosen[0].folder];
    add(
      'problem',
      `no file was rewritten: only files below the working directory (${folder}) or in its monorepo, outside node_modules, are; HANDIT_CAPTURE_ONLY_CWD=false takes those outside too`,
    );
  }
  if (unmatched !== undefined) add('problem', `nothing is recorded: ${unmatched}`);
  findings.push(...ofEnds(trace, chosen), ...ofFlags(chosen), ...ofLosses(trace, chosen));
  if (trace.damage.bad > 0) {
    add('note', `${counted(trace.damage.bad, 'line')} ${trace.damage.bad === 1 ? 'is' : 'are'} damaged`);
  }
  for (const [path, reason] of skipped) add('note', `not recorded: ${path}: ${reason}`);
  return findings;
}

function lastRun(trace: Trace): Process[] {
  return (trace.runs.at(-1)?.processes ?? []).map((index) => trace.processes[index]);
}

function sum(processes: readonly Process[], count: (process: Process) => number): number {
  return processes.reduce((total, process) => total + count(process), 0);
}

/** Test runners end their workers by a signal, and hold what they have done: that is as it should be. */
function ofEnds(trace: Trace, chosen: readonly Process[]): Finding[] {
  const open = chosen.filter(({ end }) => !end);
  if (open.length === 0) return [];
  const busy = open.filter(({ index }) => hasOpenTest(trace, index));
  const idle = open.length - busy.length;
  const findings: Finding[] = [];
  if (busy.length > 0) {
    const text = `${counted(busy.length, 'process', 'processes')} ended in the middle of a test, or still running`;
    findings.push({ level: 'note', text });
  }
  const tested = open.filter(({ index }) => trace.tests.some(({ process, late }) => process === index && !late)).length;
  if (idle > 0 && tested > 0 && busy.length === 0) {
    const text = `${counted(idle, 'process', 'processes')} ended by the test runner after the last test: all of their tests are in the file`;
    findings.push({ level: 'ok', text });
  } else if (idle > 0) {
    findings.push({ level: 'note', text: `${counted(idle, 'process', 'processes')} killed or still running` });
  }
  return findings;
}

function hasOpenTest(trace: Trace, process: number): boolean {
  return trace.tests.some((test) => test.process === process && !test.late && test.outcome === undefined);
}

/** Flags of Node under which the parser, an addon, cannot be loaded. */
const FORBIDDING = /^--(no-addons|permission|experimental-permission)\b/;

function ofFlags(chosen: readonly Process[]): Finding[] {
  const flags = new Set<string>();
  for (const { start } of chosen) {
    const { exec_argv } = (start ?? {}) as { exec_argv?: unknown };
    if (!Array.isArray(exec_argv)) continue;
    for (const flag of exec_argv) if (typeof flag === 'string' && FORBIDDING.test(flag)) flags.add(flag);
  }
  return [...flags].map(flagFinding);
}

function flagFinding(flag: string): Finding {
  const allow = flag.includes('permission') ? '; add --allow-addons' : '';
  const text = `${flag} forbids addons, and the parser of handit is one: files that are not in its cache are not rewritten${allow}`;
  return { level: 'problem', text };
}

/** Limits do what they were asked to; what could not be written is lost. */
function ofLosses(trace: Trace, chosen: readonly Process[]): Finding[] {
  const dropped = new Map<string, number>();
  for (const { end } of chosen) {
    for (const [why, count] of Object.entries(end?.dropped ?? {})) dropped.set(why, (dropped.get(why) ?? 0) + count);
  }
  const findings: Finding[] = [...dropped].map(([why, count]) => {
    const remedy = Object.hasOwn(REMEDIES, why) ? `; ${REMEDIES[why]}` : '';
    return { level: isAsked(why) ? 'note' : 'problem', text: droppedText(why, count) + remedy };
  });
  const indexes = new Set(chosen.map(({ index }) => index));
  for (const reason of new Set(trace.limits.filter(({ process }) => indexes.has(process)).map((one) => one.reason))) {
    if (dropped.has(reason)) continue;
    const remedy = Object.hasOwn(REMEDIES, reason) ? `; ${REMEDIES[reason]}` : '';
    findings.push({ level: 'note', text: `a limit was reached (${reason})${remedy}` });
  }
  return findings;
}
