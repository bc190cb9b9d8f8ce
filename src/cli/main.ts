import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { version } from '../version.js';
import { type Command, UsageError, type Values } from './command.js';
import { commands } from './commands.js';
import { commandHelp, generalHelp, optionList } from './help.js';
import { createOutput, warn } from './output.js';
import { recordCommand, recordProgram } from './record.js';

const out = createOutput(process.stdout, process.env);

async function main([first, ...rest]: string[]): Promise<void> {
  if (first === undefined || first === '--help' || first === '-h') return say(generalHelp(commands));
  if (first === '--version' || first === '-v') return say(`${version}\n`);
  if (first === '--' || (first === '--quiet' && rest[0] === '--')) {
    const args = first === '--' ? rest : rest.slice(1);
    if (args.length === 0) {
      throw new UsageError('nothing to run: give a command after "--", as in: handit -- npm test');
    }
    return recordCommand(args, first === '--quiet');
  }
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (!command) {
    if (existsSync(first) || existsSync(`${first}.js`)) return recordProgram([first, ...rest]);
    throw new UsageError(
      `unknown command or file "${first}"; allowed: ${Object.keys(commands).join(', ')}, a file to run, -- <command>, --help, --version`,
    );
  }
  if (rest.includes('--help') || rest.includes('-h')) return say(commandHelp(first, command));
  await command.run({ ...parsed(first, command, rest), out, commands });
}

/** What the program itself says, as it is. */
function say(text: string): void {
  process.stdout.write(text);
}

function parsed(name: string, { options }: Command, args: string[]): { files: string[]; values: Values } {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    return { files: positionals, values };
  } catch (error) {
    const given = /'(-[^' ]*)/.exec((error as Error).message)?.[1];
    const option = given?.replace(/^--/, '') ?? '';
    if (Object.hasOwn(options, option)) {
      const needs = options[option].type === 'string' ? 'needs a value' : 'takes no value';
      throw new UsageError(`the option "--${option}" of ${name} ${needs}`);
    }
    throw new UsageError(`unknown option "${given ?? args.join(' ')}" of ${name}; allowed: ${optionList(options)}`);
  }
}

// The reader of a pipe may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode);
  throw error;
});

main(process.argv.slice(2)).then(out.flush, (error: unknown) => {
  out.flush();
  if (!(error instanceof UsageError)) throw error;
  warn(error.message);
  process.exitCode = 2;
});
