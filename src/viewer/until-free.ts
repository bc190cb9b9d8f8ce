/** Lets the page draw and take keys. A timer would be put off by 4 ms each time. */
export function untilFree(): Promise<void> {
  if (typeof document === 'undefined') return Promise.resolve();
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}
