// 300 small tasks, five at a time: about 4,000 calls of code that runs for the first time, as in a script.
'use strict';
const finish = require('./finish.js');

class Queue {
  constructor() {
    this.first = null;
    this.last = null;
    this.size = 0;
  }
  enqueue(value) {
    const node = { value, next: null };
    if (this.last === null) this.first = node;
    else this.last.next = node;
    this.last = node;
    this.size++;
  }
  dequeue() {
    const node = this.first;
    if (node === null) return undefined;
    this.first = node.next;
    if (this.first === null) this.last = null;
    this.size--;
    return node.value;
  }
}

function createLimit(most) {
  const queue = new Queue();
  let active = 0;
  function next() {
    active--;
    if (queue.size > 0) queue.dequeue()();
  }
  async function run(task, argument, done) {
    active++;
    const result = (async () => task(argument))();
    done(result);
    await result;
    next();
  }
  return function limited(task, argument) {
    return new Promise((done) => {
      queue.enqueue(() => run(task, argument, done));
      if (active < most) queue.dequeue()();
    });
  };
}

const shorten = (word) => word.slice(0, 3);

async function read(id) {
  await null;
  return { id, title: `task ${id}`, tags: ['a', 'b'] };
}

function label({ title, tags }) {
  return `${shorten(title)} ${tags.map(shorten).join(' ')}`;
}

async function work(id) {
  const task = await read(id);
  return label(task).length;
}

async function main() {
  const limit = createLimit(5);
  const lengths = await Promise.all(Array.from({ length: 300 }, (_, id) => limit(work, id)));
  let outcome = 0;
  for (const length of lengths) outcome += length;
  finish({ outcome });
}

void main();
