import { render } from 'preact';
import { App } from './app.js';
import { bytes } from './format.js';
import { Loader, type Loaded } from './load-trace.js';
import { PageElements, type PageData } from './page-data.js';
import { serveStore } from './store-link.js';
import { untilFree } from './until-free.js';

const root = (): HTMLElement => document.getElementById('app')!;

/** The verdict is there already; the rest comes as soon as the index is read. */
async function start(script: string): Promise<void> {
  const elements = new PageElements(document);
  const index = elements.takeIndex();
  if (index === '') {
    document.getElementById('verdict')!.hidden = true;
    waitForFile({ report: undefined, sources: [] }, script);
    return;
  }
  const bar = progressBar();
  const loader = new Loader(elements.size, script, bar.show);
  const [loaded, page] = await Promise.all([loader.index(index), elements.takeData()]);
  bar.end();
  show(page, loaded);
  await untilFree();
  await loader.lines(elements.takeBlocks());
  await untilFree();
  // Listed once, which the first key would wait for.
  void loaded.trace.roots;
}

function show(page: PageData, { trace, store }: Loaded): void {
  document.documentElement.classList.add('ready');
  root().replaceChildren();
  render(<App trace={trace} store={store} page={page} />, root());
}

function waitForFile(page: PageData, script: string): void {
  document.title = 'handit';
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const bar = progressBar();
    try {
      const loaded = await new Loader(file.size, script, bar.show).file(file);
      if (loaded.trace.processes.length === 0) throw new Error(`${file.name} is not a trace of handit`);
      document.title = `${file.name} · handit`;
      show(page, loaded);
    } catch (error) {
      say((error as Error).message);
    } finally {
      bar.end();
    }
  };
  render(
    <div class="drop">
      <h1>handit</h1>
      <p>Drop a trace here, a .jsonl or .jsonl.gz file. It is read in this page and goes nowhere.</p>
      <label class="file">
        Choose a file
        <input type="file" accept=".jsonl,.gz" onChange={(event) => void take(event.currentTarget.files?.[0])} />
      </label>
      <p id="said" role="alert" />
    </div>,
    root(),
  );
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    void take(event.dataTransfer?.files[0]);
  });
}

function progressBar(): { show: (done: number, of: number) => void; end: () => void } {
  const bar = document.createElement('div');
  bar.className = 'progress';
  bar.setAttribute('role', 'status');
  document.body.append(bar);
  return {
    show(done, of) {
      if (of < 4e6) return;
      bar.textContent = `${bytes(done)} of ${bytes(of)} read`;
    },
    end: () => bar.remove(),
  };
}

function say(text: string): void {
  const place = document.getElementById('said');
  if (place) {
    place.textContent = text;
    return;
  }
  const note = document.createElement('p');
  note.className = 'warning';
  note.setAttribute('role', 'alert');
  note.textContent = text;
  document.body.prepend(note);
}

if (typeof document === 'undefined') serveStore();
else {
  start(document.currentScript?.textContent ?? '').catch((error: unknown) =>
    say(`The rest of the report cannot be shown here: ${(error as Error).message}`),
  );
}
