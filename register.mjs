// Node's loader would take 1 ms to find `register.cjs`, and by `import` look through it for names of exports.
const { getBuiltinModule } = process;
const { sep } = getBuiltinModule('node:path');
const folder = `${import.meta.dirname}${sep}dist`;
const file = `${folder}${sep}register.cjs`;
const source = getBuiltinModule('node:fs').readFileSync(file, 'latin1');
const names = ['require', '__filename', '__dirname'];
getBuiltinModule('node:vm').compileFunction(source, names, { filename: file })(getBuiltinModule, file, folder);
