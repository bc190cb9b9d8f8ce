import type { Git } from './git.js';

/** The run of a CI service that the process is a part of. */
export interface Ci {
  provider: string;
  run?: string;
  job?: string;
  url?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

interface Provider {
  name: string;
  /** There is one where this variable is set; `true`: and has this value. */
  marker: string;
  /** Variables, the first that is set; or what is made of several. */
  run: readonly string[];
  job: readonly string[];
  url: (env: Env) => string | undefined;
  sha: string;
  branch: readonly string[];
}

const variable =
  (name: string): Provider['url'] =>
  (env) =>
    env[name];

/** Asked in this order: some set the variables of others, too. Each row is from the service's own list of variables. */
const PROVIDERS: readonly Provider[] = [
  {
    ...{ name: 'github', marker: 'GITHUB_ACTIONS', run: ['GITHUB_RUN_ID'], job: ['GITHUB_JOB'] },
    ...{ sha: 'GITHUB_SHA', branch: ['GITHUB_HEAD_REF', 'GITHUB_REF_NAME'] },
    url: (env) =>
      env.GITHUB_REPOSITORY &&
      `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`,
  },
  {
    ...{ name: 'gitlab', marker: 'GITLAB_CI', run: ['CI_PIPELINE_ID'], job: ['CI_JOB_NAME'] },
    ...{ sha: 'CI_COMMIT_SHA', branch: ['CI_COMMIT_REF_NAME'], url: variable('CI_JOB_URL') },
  },
  {
    ...{ name: 'circleci', marker: 'CIRCLECI', run: ['CIRCLE_WORKFLOW_ID', 'CIRCLE_BUILD_NUM'], job: ['CIRCLE_JOB'] },
    ...{ sha: 'CIRCLE_SHA1', branch: ['CIRCLE_BRANCH'], url: variable('CIRCLE_BUILD_URL') },
  },
  {
    ...{ name: 'azure', marker: 'TF_BUILD', run: ['BUILD_BUILDID'], job: ['SYSTEM_JOBDISPLAYNAME', 'AGENT_JOBNAME'] },
    ...{ sha: 'BUILD_SOURCEVERSION', branch: ['BUILD_SOURCEBRANCHNAME'] },
    url: (env) =>
      env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI &&
      `${env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}${env.SYSTEM_TEAMPROJECT}/_build/results?buildId=${env.BUILD_BUILDID}`,
  },
  {
    ...{ name: 'buildkite', marker: 'BUILDKITE', run: ['BUILDKITE_BUILD_NUMBER'] },
    ...{ job: ['BUILDKITE_LABEL', 'BUILDKITE_STEP_KEY'], url: variable('BUILDKITE_BUILD_URL') },
    ...{ sha: 'BUILDKITE_COMMIT', branch: ['BUILDKITE_BRANCH'] },
  },
  {
    ...{ name: 'travis', marker: 'TRAVIS', run: ['TRAVIS_BUILD_ID'], job: ['TRAVIS_JOB_NAME', 'TRAVIS_JOB_NUMBER'] },
    ...{ sha: 'TRAVIS_COMMIT', branch: ['TRAVIS_BRANCH'], url: variable('TRAVIS_JOB_WEB_URL') },
  },
  {
    ...{ name: 'bitbucket', marker: 'BITBUCKET_BUILD_NUMBER', run: ['BITBUCKET_BUILD_NUMBER'] },
    ...{ job: ['BITBUCKET_STEP_UUID'], sha: 'BITBUCKET_COMMIT', branch: ['BITBUCKET_BRANCH'] },
    url: (env) =>
      env.BITBUCKET_REPO_FULL_NAME &&
      `https://bitbucket.org/${env.BITBUCKET_REPO_FULL_NAME}/pipelines/results/${env.BITBUCKET_BUILD_NUMBER}`,
  },
  {
    ...{ name: 'teamcity', marker: 'TEAMCITY_VERSION', run: ['BUILD_NUMBER'], job: ['TEAMCITY_BUILDCONF_NAME'] },
    ...{ sha: 'BUILD_VCS_NUMBER', branch: ['BRANCH_NAME'], url: variable('BUILD_URL') },
  },
  {
    ...{ name: 'jenkins', marker: 'JENKINS_URL', run: ['BUILD_NUMBER'], job: ['JOB_NAME'] },
    ...{ sha: 'GIT_COMMIT', branch: ['BRANCH_NAME', 'GIT_BRANCH'], url: variable('BUILD_URL') },
  },
];

/** Characters of each. */
const MAX = 1000;

/** @returns the CI run, and the commit that the service says it is for */
export function readCi(env: Env, withoutSecrets: (text: string) => string): { ci?: Ci; git?: Git } {
  const isSet = (name: string): boolean => Boolean(env[name]) && !/^(0|false|off|no)$/i.test(env[name]!);
  const provider = PROVIDERS.find(({ marker }) => isSet(marker));
  if (!provider) return isSet('CI') ? { ci: { provider: 'unknown' } } : {};
  const first = (names: readonly string[]): string | undefined => names.map((name) => env[name]).find(Boolean);
  const shown = (text: string | undefined): string | undefined =>
    text ? withoutSecrets(text.slice(0, MAX * 2)).slice(0, MAX) : undefined;
  const { name, run, job, url, sha, branch } = provider;
  const ci: Ci = { provider: name, run: shown(first(run)), job: shown(first(job)), url: shown(url(env)) };
  const commit = env[sha] ?? '';
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return { ci };
  return { ci, git: { sha: commit, branch: shown(first(branch)) } };
}
