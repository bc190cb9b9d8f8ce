// handlebars compiles a page with helpers and partials and renders it with 200 rows.
'use strict';
const Handlebars = require('../libraries/handlebars.js');

Handlebars.registerHelper('upper', (text) => text.toUpperCase());
Handlebars.registerHelper('price', (cents) => `${(cents / 100).toFixed(2)} EUR`);
Handlebars.registerPartial('row', '<tr><td>{{@index}}</td><td>{{upper name}}</td><td>{{price cents}}</td></tr>');
const page = `<h1>{{title}}</h1>
{{#if rows}}<table>
{{#each rows}}{{> row}}
  {{#if tags}}<ul>{{#each tags}}<li>{{this}}</li>{{/each}}</ul>{{else}}<i>no tags</i>{{/if}}
{{/each}}</table>{{/if}}
{{#with owner}}{{first}} {{last}} <{{email}}>{{/with}}`;
const data = {
  title: 'Articles & prices',
  rows: Array.from({ length: 200 }, (_, i) => ({
    name: `article ${i}`,
    cents: i * 137,
    tags: i % 3 === 0 ? [] : ['new', `<${i}>`],
  })),
  owner: { first: 'Ada', last: 'Lovelace', email: 'ada@example.com' },
};

// Compiled anew each time: else almost all of the work would be in generated code, which no tracer sees.
exports.work = () => Handlebars.create && Handlebars.compile(page, { knownHelpersOnly: false })(data).length;
