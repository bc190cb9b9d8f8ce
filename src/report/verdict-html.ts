import { shortValue } from '../compare/short-value.js';
import type { Card, SourceLines, Step, SuspectOf, TestName, Verdict } from './verdict-types.js';
import { visible } from './visible.js';

const SHOWN_TESTS = 8;

/** The verdict as markup without a script; `data-node` says which call a part leads to. */
export function verdictHtml({ headline, failed, facts, cards, more, missing }: Verdict): string {
  return [
    `<header class="verdict-head"><h1 class="${failed ? 'bad' : 'good'}">${html(headline)}</h1>`,
    `<ul class="facts">${facts.map((fact) => `<li>${html(fact)}</li>`).join('')}</ul></header>`,
    ...cards.map(cardHtml),
    more > 0 ? `<p class="dim">and ${more} more, without a card</p>` : '',
    missing.length === 0
      ? ''
      : `<section class="missing"><h2>Not in this report</h2><ul>${missing.map((one) => `<li>${html(one)}</li>`).join('')}</ul></section>`,
  ].join('\n');
}

function cardHtml({ tests, error, suspect, path, exchange, ...values }: Card): string {
  return [
    '<article class="card">',
    tests.length > 1 ? `<p class="count">${tests.length} tests, one cause</p>` : '',
    titleHtml(tests[0]),
    error.message || error.name ? `<pre class="message">${html(errorText(error))}</pre>` : '',
    'expected' in values || 'actual' in values ? comparedHtml(values) : '',
    suspect ? suspectHtml(suspect) : '<p class="dim">No recorded call says why.</p>',
    path.length > 0 ? `<div class="path" aria-label="Path of calls">${path.map(stepHtml).join('<i>›</i>')}</div>` : '',
    exchange ? `<p class="exchange"><span class="label">last response</span> ${stepHtml(exchange)}</p>` : '',
    tests.length > 1 ? otherTestsHtml(tests) : '',
    '</article>',
  ].join('');
}

function errorText({ name, message }: Card['error']): string {
  const text = message === '' ? name : message.startsWith(name) ? message : `${name}: ${message}`;
  return text.length > 1200 ? `${text.slice(0, 1200)}…` : text;
}

function titleHtml({ name, node }: TestName): string {
  const parts = name.split(' > ');
  const last = html(parts.pop()!);
  const above = parts.length > 0 ? `<span class="above">${parts.map(html).join(' › ')}</span>` : '';
  return `<h2>${above}${link(last, node)}</h2>`;
}

function comparedHtml(values: Pick<Card, 'expected' | 'actual'>): string {
  const row = (name: 'expected' | 'actual'): string =>
    name in values ? `<dt>${name}</dt><dd class="${name}">${html(shortValue(values[name], 600))}</dd>` : '';
  return `<dl class="compared">${row('expected')}${row('actual')}</dl>`;
}

function suspectHtml({ func, file, line, found, node, values, differences, source, others }: SuspectOf): string {
  const rows = values.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('');
  return [
    `<section class="suspect"><h3><span class="label">suspect</span> ${link(html(func), node)} <code class="place">${html(file)}:${line}</code></h3>`,
    `<p class="found">${html(found)}</p>`,
    differences.length > 0 ? `<dl class="differences">${differences.map(differenceHtml).join('')}</dl>` : '',
    source ? sourceHtml(source) : '',
    rows === '' ? '' : `<dl class="values">${rows}</dl>`,
    others.length === 0
      ? ''
      : `<p class="others"><span class="label">then</span> ${others.map((one) => `${link(html(one.func), one.node)} <code class="place">${html(one.place)}</code>`).join(' · ')}</p>`,
    '</section>',
  ].join('');
}

function differenceHtml(one: SuspectOf['differences'][number]): string {
  const value = (name: 'base' | 'new'): string =>
    `<dd class="${name}">${name in one ? html(one[name]!) : '<i>nothing</i>'}</dd>`;
  return `<dt>${html(one.path)}</dt>${value('base')}${value('new')}`;
}

/** Also of the viewer: the text of a source with values beside its lines. */
function sourceHtml({ first, lines, same }: SourceLines): string {
  const rows = lines.map(
    ({ text, values, marked }, index) =>
      `<tr${marked ? ' class="marked"' : ''}><td class="number">${first + index}</td><td class="code">${html(text) || ' '}</td><td class="beside">${html(values)}</td></tr>`,
  );
  const warning = same === false ? '<p class="warning">The file has changed since it ran.</p>' : '';
  return `${warning}<div class="source-box" tabindex="0" role="region" aria-label="Source"><table class="source"><tbody>${rows.join('')}</tbody></table></div>`;
}

function stepHtml({ text, node }: Step): string {
  return link(html(text), node);
}

function otherTestsHtml(tests: readonly TestName[]): string {
  const shown = tests.slice(1, SHOWN_TESTS).map(({ name, node }) => `<li>${link(html(name), node)}</li>`);
  const more = tests.length - 1 - shown.length;
  if (more > 0) shown.push(`<li class="dim">and ${more} more</li>`);
  return `<details><summary>the other tests</summary><ul class="tests">${shown.join('')}</ul></details>`;
}

/** With scripts off it is plain text. */
function link(inner: string, node: string | undefined): string {
  return node !== undefined && /^[\w-]+:\d+$/.test(node)
    ? `<a class="go" data-node="${node}">${inner}</a>`
    : `<span class="go">${inner}</span>`;
}

/** Text for any place between tags. */
export function html(text: string): string {
  return visible(text).replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
