import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { readConfig } from '../config.js';
import { readTrace } from '../reader/node/read-trace.js';
import { version } from '../version.js';

export interface Finding {
  level: 'ok' | 'note' | 'problem';
  text: string;
}

interface Surroundings {
  file: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** `process.versions.node`. */
  node: string;
}

/** Why nothing, or too little, was recorded: the Node version, the package, the settings, and what the trace tells. */
export function diagnose({ file, env, cwd, node }: Surroundings): Finding[] {
  return [...ofNode(node), ...ofPackage(cwd), ...ofSettings(env, cwd), ...ofTrace(file)];
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
  if (config.include) note(`HANDIT_INCLUDE=${config.include.source}: only what matches is recorded`);
  if (config.exclude) note(`HANDIT_EXCLUDE=${config.exclude.source}: what matches is not recorded`);
  if (config.sampleRate < 1) note(`HANDIT_SAMPLE_RATE=${config.sampleRate}: the rest is counted only`);
  if (env.NODE_OPTIONS && /handit/.test(env.NODE_OPTIONS)) note(`NODE_OPTIONS=${env.NODE_OPTIONS}`);
  if (/[/\\]node_modules([/\\]|$)/.test(cwd)) {
    findings.push({
      level: 'problem',
      text: `the working directory lies in node_modules, of which nothing is recorded`,
    });
  }
  return findings;
}

function ofTrace(file: string): Finding[] {
  if (!existsSync(file)) {
    return [
      {
        level: 'problem',
        text: `there is no trace ${resolve(file)}: no process that loaded one of its own files ran under handit there`,
      },
    ];
  }
  const findings: Finding[] = [];
  const counts = { processes: 0, ended: 0, files: 0, calls: 0, exchanges: 0, damaged: 0 };
  const skipped = new Map<string, string>();
  const dropped = new Map<string, number>();
  let folder = '';
  try {
    for (const record of readTrace(file, () => counts.damaged++)) {
      if (record.type === 'process_start') {
        counts.processes++;
        folder = record.cwd;
      } else if (record.type === 'call') counts.calls++;
      else if (record.type === 'http_request') counts.exchanges++;
      else if (record.type === 'skipped') skipped.set(record.file, record.reason);
      else if (record.type === 'process_end') {
        counts.ended++;
        counts.files += record.files;
        for (const [why, count] of Object.entries(record.dropped)) dropped.set(why, (dropped.get(why) ?? 0) + count);
      }
    }
  } catch (error) {
    return [{ level: 'problem', text: `cannot read ${file}: ${(error as Error).message}` }];
  }
  findings.push({
    level: counts.calls > 0 ? 'ok' : 'note',
    text: `${file} holds ${counts.calls} calls and ${counts.exchanges} HTTP exchanges of ${counts.processes} processes`,
  });
  if (counts.files > 0) findings.push({ level: 'ok', text: `${counts.files} files were rewritten` });
  else if (counts.calls === 0 && counts.ended > 0) {
    findings.push({
      level: 'problem',
      text: `no file was rewritten: only files below the working directory (${folder}) or in its monorepo, outside node_modules, are; HANDIT_CAPTURE_ONLY_CWD=false takes those outside too`,
    });
  }
  const running = counts.processes - counts.ended;
  if (running > 0) findings.push({ level: 'note', text: `${running} processes were killed, or run still` });
  if (counts.damaged > 0) findings.push({ level: 'note', text: `${counts.damaged} lines are damaged` });
  for (const [path, reason] of skipped) findings.push({ level: 'note', text: `not recorded: ${path}: ${reason}` });
  for (const [why, count] of dropped)
    findings.push({ level: 'note', text: `${count} events are not in the file (${why})` });
  return findings;
}
