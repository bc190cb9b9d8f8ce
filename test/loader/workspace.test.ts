import { join } from 'node:path';
import { workspaceRoot } from '../../src/loader/workspace.js';
import { tempProject } from '../helpers/run.js';

/** The root found from `packages/app`, relative to the top of these files. */
function rootOf(files: Record<string, string>, from = 'packages/app'): string | null {
  const folder = tempProject({ [`${from}/.keep`]: '', ...files });
  const root = workspaceRoot(join(folder, from));
  return root === null ? null : root.slice(folder.length) || '/';
}

const workspaces = (...patterns: string[]): string => JSON.stringify({ workspaces: patterns });

describe('workspaceRoot() finds', () => {
  test.each([
    ['packages/*'],
    ['./packages/*'],
    ['packages/app/'],
    ['packages/**'],
    ['**'],
    ['packages/{lib,app}'],
    ['packages/a?p'],
  ])('the folder whose workspaces are %j', (pattern) => {
    expect(rootOf({ 'package.json': workspaces(pattern) })).toBe('/');
  });

  test('it from a folder inside of a workspace', () => {
    expect(rootOf({ 'package.json': workspaces('packages/*') }, 'packages/app/src/deep')).toBe('/');
  });

  test("it by yarn's longer form", () => {
    expect(rootOf({ 'package.json': '{"workspaces":{"packages":["packages/*"]}}' })).toBe('/');
  });

  test.each(['pnpm-workspace.yaml', 'lerna.json', 'nx.json', 'rush.json', 'turbo.json'])('it by %s', (name) => {
    expect(rootOf({ [name]: '' })).toBe('/');
  });

  test('the nearest one that takes the folder in', () => {
    const inner = { 'packages/package.json': workspaces('app'), 'package.json': workspaces('packages/*') };
    expect(rootOf(inner)).toBe('/packages');
    expect(rootOf({ ...inner, 'packages/package.json': workspaces('lib') })).toBe('/');
  });

  test("it above the turbo.json of the workspace's own", () => {
    const files = { 'packages/app/turbo.json': '{"extends": ["//"]}', 'package.json': workspaces('packages/*') };
    expect(rootOf(files)).toBe('/');
  });
});

describe('workspaceRoot() finds none', () => {
  test('where no workspaces take the folder in', () => {
    expect(rootOf({ 'package.json': '{"name":"x"}' })).toBeNull();
    expect(rootOf({ 'package.json': workspaces('packages/lib', 'packages/app/*') })).toBeNull();
    expect(rootOf({ 'package.json': workspaces('packages/*', '!packages/app') })).toBeNull();
    expect(rootOf({ 'package.json': workspaces('packages.app', 'packages') }, 'packages-app')).toBeNull();
    expect(rootOf({ 'package.json': '{not json' })).toBeNull();
  });

  test('where the folder is the root itself', () => {
    expect(rootOf({ 'packages/app/pnpm-workspace.yaml': '', 'package.json': workspaces('packages/*') })).toBeNull();
    expect(
      rootOf({ 'packages/app/package.json': workspaces('*'), 'package.json': workspaces('packages/*') }),
    ).toBeNull();
  });

  test('beyond the repository', () => {
    const files = { 'package.json': workspaces('**') };
    expect(rootOf({ ...files, 'packages/app/.git/HEAD': '' })).toBeNull();
    expect(rootOf({ ...files, 'packages/.git/HEAD': '' })).toBeNull();
    expect(rootOf({ ...files, '.git/HEAD': '' })).toBe('/');
  });

  test('beyond the home folder', () => {
    const folder = tempProject({ 'package.json': workspaces('**'), 'ada/app/.keep': '' });
    expect(workspaceRoot(join(folder, 'ada/app'), join(folder, 'ada'))).toBeNull();
    expect(workspaceRoot(join(folder, 'ada/app'), folder)).toBe(folder);
  });
});
