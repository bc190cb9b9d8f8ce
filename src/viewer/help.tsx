import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { KEY_HELP } from './keys.js';

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-label="Keys" onClose={onClose} onClick={() => dialog.current!.close()}>
      <h2>Keys</h2>
      <dl>
        {KEY_HELP.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="dim">A term of the search may begin with a minus: -status:200. dur:&gt;10ms is what took longer.</p>
      <button type="button">Close</button>
    </dialog>
  );
}
