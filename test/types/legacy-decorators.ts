// Compiled with `experimentalDecorators`, not run.
import { tracing } from 'handit';

@tracing({ agent: 'a' })
export class Decorated {
  @tracing({ agent: 'a' }) method(a: number): number {
    return a;
  }
  @tracing({ agent: 'a' }) static async later(): Promise<void> {}
  @tracing({ agent: 'a' }) get size(): number {
    return 1;
  }
  // @ts-expect-error
  @tracing({ agent: 'a' }) field = 1;
}
