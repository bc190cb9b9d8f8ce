import { isMainThread } from '../thread.js';

/**
 * The parser recurses in native code, where nothing catches a stack that overflows: it would end the process. What it
 * needs for a level, in bytes at most, was measured; the stack of the main thread has 8 MB, that of another one 4 MB.
 */
const FUNCTION = 4600;
const BRACKET = 1600;
/** For a `? :`, an `else if`, an arrow or an assignment, which nest without a bracket. */
const OPERATOR = 1400;
/** For a word or sign of what may be a chain, as `a.b().c()`. */
const TOKEN = 120;
/** For one of several operators in a row that come before a value, and for `**`. */
const PREFIX = 450;
const PREFIXES = new Set(['!', '~', '-', '+', 'new', 'await', 'typeof', 'void', 'delete', 'yield']);
const STACK = (isMainThread ? 6.5 : 3.2) * 1024 * 1024;

/** Whether a source is nested too deeply for the parser. */
export function isNestedTooDeeply(source: string): boolean {
  return mayExceed(source, STACK) && new Scanner(source).exceeds(STACK);
}

/** A quick look, which takes the brackets in strings and comments for code as well. */
function mayExceed(source: string, limit: number): boolean {
  let depth = 0;
  let deepest = 0;
  let operators = 0;
  let most = 0;
  let last = 0;
  let longest = 0;
  let begin = 0;
  let statement = 0;
  for (let i = 0; i < source.length; i++) {
    switch (source.charCodeAt(i)) {
      case 40: // (
      case 91: // [
      case 123: // {
        if (++depth > deepest) deepest = depth;
        break;
      case 41: // )
      case 93: // ]
      case 125: // }
        if (depth > 0) depth--;
        break;
      case 59: // ;
        if (isElseNext(source, i + 1)) continue;
        operators = 0;
        statement = Math.max(statement, i - begin);
        begin = i;
        break;
      case 58: // :
      case 61: // =
      case 63: // ?
      case 108: // l, of else
        if (++operators > most) most = operators;
        break;
      default:
        continue;
    }
    if (i - last > longest) longest = i - last;
    last = i;
  }
  longest = Math.max(longest, source.length - last);
  statement = Math.max(statement, source.length - begin);
  return deepest * (FUNCTION + 2 * OPERATOR) + most * OPERATOR + longest * PREFIX + statement * TOKEN > limit;
}

/** What follows an `if` whose statement has ended goes one level deeper. */
function isElseNext(source: string, from: number): boolean {
  let at = from;
  while (/\s/.test(source[at] ?? '')) at++;
  return source.startsWith('else', at);
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);
const CONTINUES = new Set(['in', 'instanceof', 'of', 'else', 'as', 'satisfies', 'from']);
/** Where a value ends, a `/` divides. */
const ENDS_VALUE = /[\w$)\]}"'`]/;
const BEFORE_REGEXP = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'delete',
  'throw',
  'do',
  'else',
  'await',
  'yield',
]);

interface Level {
  close: string;
  /** Of all levels up to this one, and of the operators in it since its last `;` or `,`. */
  bytes: number;
  operators: number;
  /** The brackets of `if (...)` and the like. */
  control: boolean;
}

/** Reads a source roughly, without knowing its grammar: strings, comments, regular expressions, brackets, words. */
class Scanner {
  private readonly levels: Level[] = [{ close: '', bytes: 0, operators: 0, control: false }];
  private at = 0;
  /** What comes before `at`, blanks left out: a word, or one character. */
  private before = '';
  /** The brackets that were closed last were those of `if (...)` or the like. */
  private afterControl = false;
  /** Operators in a row. */
  private prefixes = 0;

  constructor(private readonly source: string) {}

  exceeds(limit: number): boolean {
    const token = /[\w$]+|[^\s\w$]/gy;
    const blank = /\s*/gy;
    while (this.at < this.source.length) {
      blank.lastIndex = this.at;
      const lineEnded = /[\n\r]/.test(blank.exec(this.source)![0]);
      token.lastIndex = blank.lastIndex;
      const text = token.exec(this.source)?.[0];
      if (text === undefined) return false;
      this.at = token.lastIndex;
      if (lineEnded && this.beginsStatement(text)) this.levels.at(-1)!.operators = 0;
      this.read(text);
      const { bytes, operators } = this.levels.at(-1)!;
      if (bytes + operators * OPERATOR + this.prefixes * PREFIX > limit) return true;
    }
    return false;
  }

  /** Without a semicolon: a word at the start of a line after a value. */
  private beginsStatement(text: string): boolean {
    const word = /^[\w$]/.test(text) && !CONTINUES.has(text);
    return word && ENDS_VALUE.test(this.before.at(-1) ?? '') && !BEFORE_REGEXP.has(this.before);
  }

  private read(text: string): void {
    if (PREFIXES.has(text) || (text === '*' && this.before === '*')) this.prefixes++;
    else if (text !== '*' && this.before !== '*') this.prefixes = 0;
    switch (text) {
      case '"':
      case "'":
        this.skip(text);
        break;
      case '`':
        this.template();
        break;
      case '/':
        if (this.comment()) return;
        if (!ENDS_VALUE.test(this.before.at(-1) ?? '') || BEFORE_REGEXP.has(this.before)) this.skip('/');
        break;
      case '(':
        this.open(')', BRACKET, CONTROL.has(this.before));
        break;
      case '[':
        this.open(']', BRACKET);
        break;
      case '{':
        this.open('}', this.opensFunction() ? FUNCTION : BRACKET);
        break;
      case ')':
      case ']':
      case '}':
        this.close(text);
        if (text === '}' && this.levels.at(-1)!.close === '`') return this.template();
        break;
      case ';':
      case ',':
        if (!isElseNext(this.source, this.at)) this.levels.at(-1)!.operators = 0;
        break;
      case '?':
      case '=':
      case ':':
      case 'else':
        this.levels.at(-1)!.operators++;
    }
    this.levels.at(-1)!.operators += TOKEN / OPERATOR;
    this.before = text;
  }

  private opensFunction(): boolean {
    return (this.before === ')' && !this.afterControl) || this.before === '>' || /^[\w$]/.test(this.before);
  }

  private open(close: string, bytes: number, control = false): void {
    const outer = this.levels.at(-1)!;
    this.levels.push({ close, bytes: outer.bytes + outer.operators * OPERATOR + bytes, operators: 0, control });
  }

  private close(text: string): void {
    const level = this.levels.at(-1)!;
    if (level.close !== text) return;
    this.levels.pop();
    this.afterControl = level.control;
    // A statement has ended, unless an `else` follows it.
    const outer = this.levels.at(-1)!;
    if (text === '}' && outer.operators > 0 && !isElseNext(this.source, this.at)) {
      if (outer.close === '}' || outer.close === '') outer.operators = 0;
    }
  }

  private comment(): boolean {
    const next = this.source[this.at];
    if (next !== '/' && next !== '*') return false;
    const end = this.source.indexOf(next === '/' ? '\n' : '*/', this.at + 1);
    this.at = end < 0 ? this.source.length : end + (next === '/' ? 1 : 2);
    return true;
  }

  /** Behind a string or a regular expression, which end in their line. */
  private skip(end: string): void {
    const rest = end === '/' ? /(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/?/y : end === '"' ? DOUBLE : SINGLE;
    rest.lastIndex = this.at;
    rest.exec(this.source);
    this.at = rest.lastIndex;
  }

  /** To the end of a template, or of its next piece. */
  private template(): void {
    const inside = this.levels.at(-1)!.close === '`';
    for (; this.at < this.source.length; this.at++) {
      const char = this.source[this.at];
      if (char === '\\') this.at++;
      else if (char === '`') {
        this.at++;
        if (inside) this.levels.pop();
        break;
      } else if (char === '$' && this.source[this.at + 1] === '{') {
        this.at += 2;
        if (!inside) this.open('`', BRACKET);
        this.open('}', 0);
        break;
      }
    }
    this.before = '`';
  }
}

const DOUBLE = /(?:[^"\\\n]|\\[^])*"?/y;
const SINGLE = /(?:[^'\\\n]|\\[^])*'?/y;
