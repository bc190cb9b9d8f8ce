import type { JSX } from 'preact';

/** The heads of a grid's columns: the class of each, and its text. */
export function HeadRow({ cells }: { cells: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <div class="row head" role="row">
      {cells.map(([classes, text]) => (
        <span class={classes} role="columnheader" key={text}>
          {text}
        </span>
      ))}
    </div>
  );
}
