import type { Command } from './command.js';
import { completionCommand } from './completion.js';
import { diffCommand } from './diff.js';
import { doctorCommand } from './doctor.js';
import { llmCommand } from './llm.js';
import { mcpCommand } from './mcp.js';
import { exportCommand } from './export.js';
import { printCommand } from './print.js';
import { queryCommand } from './query.js';
import { showCommand } from './show.js';
import { openCommand, reportCommand } from './report.js';
import { statsCommand } from './stats.js';

/** The commands, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  print: printCommand,
  show: showCommand,
  stats: statsCommand,
  report: reportCommand,
  open: openCommand,
  diff: diffCommand,
  llm: llmCommand,
  mcp: mcpCommand,
  query: queryCommand,
  export: exportCommand,
  doctor: doctorCommand,
  completion: completionCommand,
};
