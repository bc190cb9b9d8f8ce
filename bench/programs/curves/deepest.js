// How many frames of one small function the stack takes.
'use strict';
const finish = require('../finish.js');

let frames = 0;

function down() {
  frames++;
  down();
}

try {
  down();
} catch {
  // The stack is full.
}
finish({ frames });
