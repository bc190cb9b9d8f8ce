// Makes many calls and prints the CPU time of the whole process, the writing of the trace included, in ms.
function add(a, b) {
  return a + b;
}

let sum = 0;
for (let i = 0; i < Number(process.argv[2]); i++) sum += add(i, 1);
if (sum < 0) throw new Error('the loop was left out');
process.on('exit', () => {
  globalThis[Symbol.for('handit')]?.flush();
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000);
});
