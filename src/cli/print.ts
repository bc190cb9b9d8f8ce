import { GrowingTrace } from '../reader/node/growing-trace.js';
import { InputError } from '../reader/node/open-trace.js';
import { chooseProcesses, RUN_OPTIONS } from './choose-run.js';
import { type Command, type Given, JSON_OPTION, numberOption, UsageError, type Values } from './command.js';
import { FILTER_OPTIONS } from './filters.js';
import { DEFAULT_FILE, nameOfInputs, openInputs, sayDamage } from './inputs.js';
import { pagedOutput } from './pager.js';
import { printJson } from './print-json.js';
import { TreePrinter } from './print-tree.js';
import { readsInSteps, STEPS } from './print-steps.js';
import { printValue } from './print-value.js';

/** The calls of a trace as a tree. */
export const printCommand: Command = {
  usage: '[file...]',
  summary: 'the calls in a trace as a tree',
  options: {
    ...FILTER_OPTIONS,
    failed: { type: 'boolean', summary: 'only the tests that failed, each with all it did' },
    value: {
      type: 'string',
      value: '<text>',
      summary: 'where this value was first returned, and what it passed through',
    },
    depth: { type: 'string', value: '<n>', summary: 'only this many levels' },
    full: { type: 'boolean', summary: 'cut no value to the width of the terminal' },
    unfold: { type: 'boolean', summary: 'show each call, also those of loops and recursions' },
    bodies: { type: 'boolean', summary: 'show the bodies of HTTP exchanges' },
    ids: { type: 'boolean', summary: 'show proc:id of each call, which "handit show" takes' },
    follow: { type: 'boolean', short: 'f', summary: 'go on with what is added to the file' },
    ...RUN_OPTIONS,
    json: JSON_OPTION,
  },
  run: print,
};

async function print(given: Given): Promise<void> {
  const { files, values, out } = given;
  if (values.follow === true) return follow(given);
  if (readsInSteps(given)) return inSteps(given);
  const trace = await openInputs(files);
  const name = nameOfInputs(files);
  const chosen = chooseProcesses(trace, values);
  if (values.json === true) await printJson(trace, chosen, values, out);
  else if (typeof values.value === 'string') await printValue(trace, chosen, values.value, styleOf(values), out);
  else {
    const paged = pagedOutput(out, trace, chosen);
    const printer = new TreePrinter(trace, paged, values, styleOf(values));
    await printer.printAll(chosen);
    await paged.end();
    if (trace.processes.length === 0) out.warn(`${name} is empty`);
    else if (printer.shown === 0 && printer.filters) out.warn(`nothing in ${name} passes these filters`);
    if (printer.shown > 0 && (values.failed === true || values.errors === true)) process.exitCode = 1;
  }
  trace.close();
}

function styleOf(values: Values) {
  return {
    depth: numberOption(values, 'depth') ?? Infinity,
    full: values.full === true,
    ids: values.ids === true,
    unfold: values.unfold === true,
    bodies: values.bodies === true,
  };
}

function open(given: Given): GrowingTrace {
  const [file = DEFAULT_FILE, ...more] = given.files;
  if (more.length > 0 || file === '-') throw new UsageError('--follow takes one file');
  try {
    return new GrowingTrace(file);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message);
    throw error;
  }
}

/** What has ended at the beginning of a long file is shown before the end of it is read. */
async function inSteps(given: Given): Promise<void> {
  const { out, values } = given;
  const growing = open(given);
  const printer = new TreePrinter(growing.trace, out, values, styleOf(values));
  for (const step of STEPS) {
    if (growing.read(step) === 0) break;
    await printer.printComplete();
    out.flush();
  }
  growing.end();
  growing.forgetIds();
  await printer.printRest();
  sayDamage(growing.trace);
  growing.close();
}

const POLL_MS = 100;

async function follow(given: Given): Promise<void> {
  const { out, values } = given;
  const growing = open(given);
  const printer = new TreePrinter(growing.trace, out, values, styleOf(values));
  let stopped = false;
  process.once('SIGINT', () => (stopped = true));
  // The last run may have a long past; what is of earlier ones is over.
  growing.read();
  while (!stopped) {
    await printer.printEnded();
    out.flush();
    do await new Promise((resume) => setTimeout(resume, POLL_MS));
    while (!stopped && growing.read() === 0);
  }
  growing.end();
  await printer.printRest();
  growing.close();
}
