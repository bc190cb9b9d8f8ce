// Node's loader would take 1 ms longer.
const { getBuiltinModule: get } = process;
const folder = `${import.meta.dirname}${get('path').sep}dist`;
const filename = `${folder}/register.cjs`;
const code = get('fs').readFileSync(filename, 'latin1');
get('vm').compileFunction(code, ['require', '__filename', '__dirname'], { filename })(get, filename, folder);
