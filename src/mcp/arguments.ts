/** The model can put it right: one sentence says how. */
export class ToolError extends Error {}

export type Arguments = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Property {
  readonly type: 'string' | 'number' | 'boolean';
  readonly description?: string;
}

export interface InputSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

/** Arguments as the schema says, else an error that names what is wrong. */
export function argumentsOf(tool: string, { properties, required = [] }: InputSchema, given: unknown): Arguments {
  if (given === undefined || given === null) return argumentsOf(tool, { type: 'object', properties, required }, {});
  if (typeof given !== 'object' || Array.isArray(given)) throw new ToolError(`${tool} takes an object of arguments`);
  const args: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(properties, name)) {
      throw new ToolError(
        `${tool} has no argument ${JSON.stringify(name.slice(0, 100))}; it takes: ${Object.keys(properties).join(', ')}`,
      );
    }
    if (value !== null) args[name] = valueOf(tool, name, properties[name], value);
  }
  const missing = required.find((name) => args[name] === undefined);
  if (missing !== undefined)
    throw new ToolError(`${tool} needs "${missing}": ${properties[missing].description ?? properties[missing].type}`);
  return args;
}

function valueOf(tool: string, name: string, { type }: Property, value: unknown): string | number | boolean {
  if (typeof value === type) return value as string | number | boolean;
  // Models write numbers and booleans as text, and text that is a number as a number.
  if (type === 'number' && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (type === 'string' && typeof value === 'number') return String(value);
  throw new ToolError(
    `"${name}" of ${tool} must be a ${type}, and is ${(JSON.stringify(value) ?? 'undefined').slice(0, 100)}`,
  );
}
