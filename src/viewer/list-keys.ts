interface ListKeys {
  readonly count: number;
  readonly selected: number;
  readonly move: (to: number) => void;
  readonly open?: (at: number) => void;
}

/** What the keys of a plain list do: arrows go through it, Enter opens what is selected. */
export function listKeys({ count, selected, move, open }: ListKeys): (event: KeyboardEvent) => void {
  return (event) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) move(Math.max(0, Math.min(count - 1, selected + step)));
    else if (event.key === 'Enter' && open) open(selected);
    else return;
    event.preventDefault();
  };
}
