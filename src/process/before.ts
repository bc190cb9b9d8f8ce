/** What makes a process another user's; not on every platform, and not in worker threads. */
export const CREDENTIAL_SETTERS = ['setuid', 'seteuid', 'setgid', 'setegid'] as const;
type CredentialSetter = (typeof CREDENTIAL_SETTERS)[number];

export interface ProcessInternals extends Partial<Record<CredentialSetter, (id: number | string) => void>> {
  reallyExit: (code?: number) => never;
  _kill?: (pid: number, signal: number) => number;
  execve?: (file: string, args?: string[], env?: object) => void;
}

/** Has `action` run before a function of the process; Node versions that have none stay without. */
export function before(
  host: ProcessInternals,
  name: keyof ProcessInternals & ('_kill' | 'execve' | CredentialSetter),
  action: (first: unknown) => void,
): () => void {
  const original = host[name];
  if (original === undefined) return () => undefined;
  const { wrapper } = {
    wrapper(this: unknown, ...args: unknown[]): unknown {
      action(args[0]);
      return Reflect.apply(original, this, args);
    },
  };
  looksLike(wrapper, original);
  host[name] = wrapper as never;
  return () => {
    if ((host[name] as unknown) === wrapper) host[name] = original as never;
  };
}

/** Gives a function that takes the place of another one the name and the length of that. */
export function looksLike(replacement: object, original: object): void {
  for (const key of ['name', 'length'] as const) {
    const own = Object.getOwnPropertyDescriptor(original, key);
    if (own) Object.defineProperty(replacement, key, own);
  }
}
