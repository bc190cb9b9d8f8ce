import type { JSX } from 'preact';
import type { FunctionInfo } from '../reader/types.js';
import { useViewer } from './context.js';

/** Links to the line in editors, and on the web at the commit that ran. */
export function OpenIn({ info }: { info: FunctionInfo }): JSX.Element {
  const { trace, page } = useViewer();
  const isAbsolute = /^(\/|[A-Za-z]:)/.test(info.file);
  const path = slashed(isAbsolute ? info.file : `${trace.folders[info.folder]}/${info.file}`);
  const { repository } = page.report ?? {};
  const root = repository && `${slashed(repository.folder).replace(/\/$/, '')}/`;
  const line = info.line || 1;
  return (
    <>
      <a href={`vscode://file${encodeURI(path)}:${line}:${info.column || 1}`}>VS Code</a>
      <a href={`webstorm://open?file=${encodeURIComponent(path)}&line=${line}`}>WebStorm</a>
      {repository && root && path.startsWith(root) && (
        <a
          href={`${repository.url}/blob/${repository.sha}/${encodeURI(path.slice(root.length))}#L${line}`}
          target="_blank"
          rel="noopener noreferrer"
        >
          {new URL(repository.url).hostname
            .replace(/^(\w+)\.com$/, '$1')
            .replace('github', 'GitHub')
            .replace('gitlab', 'GitLab')}
        </a>
      )}
    </>
  );
}

/** `C:\a` is `/C:/a` in an address. */
function slashed(path: string): string {
  return path
    .replaceAll('\\', '/')
    .replace(/^\/?([A-Za-z]:)?\/*/, '/$1')
    .replace(/^(\/[A-Za-z]:)(?!\/)/, '$1/');
}
