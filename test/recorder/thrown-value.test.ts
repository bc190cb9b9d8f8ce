import { createPreviewer } from '../../src/recorder/preview.js';

const preview = createPreviewer({ maxString: 100, maxItems: 10, maxDepth: 3 }, (key) => key === 'password');

interface Shown {
  message: string;
  stack: string;
}

function shown(message: string): Shown {
  return JSON.parse(preview.error(new Error(message)).toJson()) as Shown;
}

test('errors that come again have their own message and stack, also where those of others are as long', () => {
  for (let i = 0; i < 3; i++) {
    for (const message of ['no item 1', 'no item 2', 'a "quoted" one', 'x'.repeat(5000), 'y'.repeat(5000)]) {
      const { message: found, stack } = shown(message);
      expect(found).toBe(message.length > 4096 ? `${message.slice(0, 4096)}...` : message);
      expect(stack.startsWith(`Error: ${message.slice(0, 4000)}`)).toBe(true);
    }
  }
});

test('a secret is left out of a message and a stack each time', () => {
  for (let i = 0; i < 3; i++) {
    const { message, stack } = shown('refused: password=Tr0ub4dor');
    expect(message + stack).not.toContain('Tr0ub4dor');
    expect(message).toContain('refused');
  }
});
