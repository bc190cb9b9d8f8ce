import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processFacts } from '../../src/process/process-facts.js';
import { cleanEnv, tempProject } from '../helpers/run.js';

const facts = (cwd: string, env: Record<string, string> = {}, program?: string, execArgv: string[] = []) =>
  processFacts({
    ...{ cwd, env, program, execArgv, withoutSecrets: (text) => text.replace('hunter2', '<redacted>') },
    broken(error) {
      throw error;
    },
  });

describe('the commit', () => {
  const folder = tempProject({ 'sub/deep/a.js': '' });
  const gitEnv = {
    ...{ ...cleanEnv(), GIT_CONFIG_GLOBAL: '/dev/null', GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' },
    ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' },
  };
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], { cwd: folder, env: gitEnv, encoding: 'utf8' });
  const head = () => git('rev-parse', 'HEAD').trim();
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'one');

  test('is that of the branch, wherever in the repository the program starts', () => {
    const expected = { sha: head(), branch: 'main' };
    expect(facts(folder).git).toEqual(expected);
    expect(facts(join(folder, 'sub/deep')).git).toEqual(expected);
  });

  test('is found among packed branches, and on one with a slash in its name', () => {
    git('checkout', '-q', '-b', 'feature/carts');
    git('pack-refs', '--all');
    expect(facts(folder).git).toEqual({ sha: head(), branch: 'feature/carts' });
    git('commit', '-q', '--allow-empty', '-m', 'two');
    // Now both are there, and the packed one is old.
    expect(facts(folder).git).toEqual({ sha: head(), branch: 'feature/carts' });
  });

  test('has no branch where HEAD is detached, but that of the CI service for the same commit', () => {
    git('checkout', '-q', '--detach');
    const sha = head();
    expect(facts(folder).git).toEqual({ sha, branch: undefined });
    const ci = { GITHUB_ACTIONS: 'true', GITHUB_SHA: sha, GITHUB_REF_NAME: 'main' };
    expect(facts(folder, ci).git).toEqual({ sha, branch: 'main' });
    expect(facts(folder, { ...ci, GITHUB_SHA: 'a'.repeat(40) }).git).toEqual({ sha, branch: undefined });
    git('checkout', '-q', 'main');
  });

  test('is that of a worktree, and of a submodule', () => {
    git('worktree', 'add', '-q', '-b', 'other', 'tree');
    execFileSync('git', ['commit', '-q', '--allow-empty', '-m', 'three'], { cwd: join(folder, 'tree'), env: gitEnv });
    expect(facts(join(folder, 'tree')).git).toEqual({ sha: git('rev-parse', 'other').trim(), branch: 'other' });
    const origin = tempProject({});
    for (const args of [
      ['init', '-q', '-b', 'lib'],
      ['commit', '-q', '--allow-empty', '-m', 'lib'],
    ])
      execFileSync('git', args, { cwd: origin, env: gitEnv });
    git('submodule', '--quiet', 'add', origin, 'lib');
    const sha = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: origin, encoding: 'utf8' }).trim();
    expect(facts(join(folder, 'lib')).git).toEqual({ sha, branch: 'lib' });
  });

  test('is that of GIT_DIR, as in a hook of git', () => {
    expect(facts(tempProject({}), { GIT_DIR: join(folder, '.git') }).git).toEqual({ sha: head(), branch: 'main' });
  });

  test('is absent where there is none yet, or none at all', () => {
    const empty = tempProject({});
    execFileSync('git', ['init', '-q'], { cwd: empty, env: gitEnv });
    expect(facts(empty).git).toBeUndefined();
    expect(facts('/').git).toBeUndefined();
  });

  test.each([
    ['a file that is no link', { '.git': 'nothing of the kind' }],
    ['a link to nowhere', { '.git': 'gitdir: ../nowhere' }],
    ['a HEAD that is very long', { '.git/HEAD': `ref: refs/heads/${'x'.repeat(100_000)}` }],
    ['a HEAD that leads out', { '.git/HEAD': 'ref: ../../secret', secret: 'a'.repeat(40) }],
    ['branches in a ring', { '.git/HEAD': 'ref: refs/heads/a', '.git/refs/heads/a': 'ref: refs/heads/a' }],
    ['a branch that is no commit', { '.git/HEAD': 'ref: refs/heads/a', '.git/refs/heads/a': 'hello' }],
    ['packed branches without an end', { '.git/HEAD': 'ref: refs/heads/a', '.git/packed-refs': 'x refs/heads/a' }],
  ])('is absent with %s', (_, files) => {
    expect(facts(tempProject(files as unknown as Record<string, string>)).git).toBeUndefined();
  });

  (spawnSync('mkfifo', ['--version']).status === 0 ? test : test.skip)('is not waited for at a FIFO', () => {
    const project = tempProject({});
    mkdirSync(join(project, '.git'));
    spawnSync('mkfifo', [join(project, '.git/HEAD')]);
    expect(facts(project).git).toBeUndefined();
    rmSync(join(project, '.git/HEAD'));
    writeFileSync(join(project, '.git/HEAD'), 'b'.repeat(40));
    expect(facts(project).git).toEqual({ sha: 'b'.repeat(40) });
  });
});

describe('the CI run', () => {
  const sha = '1'.repeat(40);
  test.each([
    [
      ...['GitHub Actions', { GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_RUN_ID: '7', GITHUB_JOB: 'test' }],
      ...[{ GITHUB_REPOSITORY: 'ada/shop', GITHUB_SERVER_URL: 'https://git.example', GITHUB_SHA: sha }],
      ...[{ provider: 'github', run: '7', job: 'test', url: 'https://git.example/ada/shop/actions/runs/7' }],
    ],
    [
      ...['GitLab', { GITLAB_CI: 'true', CI: 'true', CI_PIPELINE_ID: '8', CI_JOB_NAME: 'unit' }],
      ...[{ CI_JOB_URL: 'https://gitlab.example/jobs/1', CI_COMMIT_SHA: sha }],
      ...[{ provider: 'gitlab', run: '8', job: 'unit', url: 'https://gitlab.example/jobs/1' }],
    ],
    [
      ...['CircleCI', { CIRCLECI: 'true', CIRCLE_WORKFLOW_ID: 'w-1', CIRCLE_BUILD_NUM: '9', CIRCLE_JOB: 'build' }],
      ...[{ CIRCLE_BUILD_URL: 'https://circleci.example/9', CIRCLE_SHA1: sha }],
      ...[{ provider: 'circleci', run: 'w-1', job: 'build', url: 'https://circleci.example/9' }],
    ],
    [
      ...['Azure', { TF_BUILD: 'True', BUILD_BUILDID: '10', AGENT_JOBNAME: 'Job' }],
      ...[{ SYSTEM_TEAMFOUNDATIONCOLLECTIONURI: 'https://dev.azure.com/ada/', SYSTEM_TEAMPROJECT: 'shop' }],
      ...[
        {
          ...{ provider: 'azure', run: '10', job: 'Job' },
          url: 'https://dev.azure.com/ada/shop/_build/results?buildId=10',
        },
      ],
    ],
    [
      ...['Buildkite', { BUILDKITE: 'true', BUILDKITE_BUILD_NUMBER: '11', BUILDKITE_STEP_KEY: 'step' }],
      ...[{ BUILDKITE_BUILD_URL: 'https://buildkite.example/11', BUILDKITE_COMMIT: sha }],
      ...[{ provider: 'buildkite', run: '11', job: 'step', url: 'https://buildkite.example/11' }],
    ],
    [
      ...['Travis', { TRAVIS: 'true', TRAVIS_BUILD_ID: '12', TRAVIS_JOB_NUMBER: '12.1' }],
      ...[{ TRAVIS_JOB_WEB_URL: 'https://travis.example/12' }],
      ...[{ provider: 'travis', run: '12', job: '12.1', url: 'https://travis.example/12' }],
    ],
    [
      ...['Bitbucket', { BITBUCKET_BUILD_NUMBER: '13', BITBUCKET_STEP_UUID: '{s}' }],
      ...[{ BITBUCKET_REPO_FULL_NAME: 'ada/shop' }],
      ...[{ provider: 'bitbucket', run: '13', job: '{s}', url: 'https://bitbucket.org/ada/shop/pipelines/results/13' }],
    ],
    [
      ...['TeamCity', { TEAMCITY_VERSION: '2026.1', BUILD_NUMBER: '14', TEAMCITY_BUILDCONF_NAME: 'Tests' }],
      ...[{ BUILD_URL: 'https://teamcity.example/14' }],
      ...[{ provider: 'teamcity', run: '14', job: 'Tests', url: 'https://teamcity.example/14' }],
    ],
    [
      ...['Jenkins', { JENKINS_URL: 'https://jenkins.example/', BUILD_NUMBER: '15', JOB_NAME: 'shop' }],
      ...[{ BUILD_URL: 'https://ada:hunter2@jenkins.example/15' }],
      ...[{ provider: 'jenkins', run: '15', job: 'shop', url: 'https://ada:<redacted>@jenkins.example/15' }],
    ],
    ['another service', { CI: 'true' }, {}, { provider: 'unknown' }],
  ] as [string, Record<string, string>, Record<string, string>, object][])('of %s is said', (_, env, more, ci) => {
    const found = facts('/', { ...env, ...more });
    expect(found.ci).toEqual(ci);
    if (Object.values(more).includes(sha)) expect(found.git?.sha).toBe(sha);
  });

  test.each([{}, { CI: 'false' }, { CI: '' }, { GITHUB_ACTIONS: 'false' }])('is absent with %j', (env) => {
    expect(facts('/', env as unknown as Record<string, string>)).toEqual({});
  });
});

test('the script is told from the working directory, and a text to run is none', () => {
  expect(facts('/', {}, '/srv/app.js').script).toBe('srv/app.js');
  expect(facts('/srv/shop', {}, '/srv/shop/src/main.js').script).toBe('src/main.js');
  expect(facts('/srv/shop', {}, '/srv/tool/bin.js').script).toBe('../tool/bin.js');
  expect(facts('/srv', {}, '/srv/argument', ['-e', '1']).script).toBeUndefined();
  expect(facts('/srv', {}, undefined).script).toBeUndefined();
});
