// Node's loader would take 1 ms longer.
const { getBuiltinModule } = process;
const folder = `${import.meta.dirname}${getBuiltinModule('path').sep}dist`;
const filename = `${folder}/register.cjs`;
const code = getBuiltinModule('fs').readFileSync(filename, 'latin1');
const run = getBuiltinModule('vm').compileFunction(code, ['require', '__filename', '__dirname'], { filename });
run(getBuiltinModule, filename, folder);
