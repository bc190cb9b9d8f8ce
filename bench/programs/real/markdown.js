// marked renders a document of 60 sections.
'use strict';
const { marked } = require('../libraries/marked.js');

const section = (n) => `
## Section ${n}

Some *emphasis*, **strong words**, \`code\`, a [link](https://example.com/${n} "title") and <b>HTML</b>.

- one item
- another with \`code\`
  1. nested
  2. list

| key | value |
| --- | ----: |
| a   | ${n}  |
| b   | *two* |

> A quotation that goes on
> for two lines.

\`\`\`js
const answer = ${n};
\`\`\`
`;
const document = Array.from({ length: 60 }, (_, n) => section(n)).join('\n');

exports.work = () => marked.parse(document).length;
