import js from '@eslint/js';
import globals from 'globals';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { intrinsics } from './scripts/lint/intrinsics.mjs';

const uncheckedValues = {
  '@typescript-eslint/no-explicit-any': 'off',
  '@typescript-eslint/no-unsafe-assignment': 'off',
  '@typescript-eslint/no-unsafe-argument': 'off',
  '@typescript-eslint/no-unsafe-call': 'off',
  '@typescript-eslint/no-unsafe-member-access': 'off',
  '@typescript-eslint/no-unsafe-return': 'off',
};

export default defineConfig(
  // Fixtures are other people's programs: odd on purpose.
  {
    ignores: ['dist/', 'coverage/', 'fixtures/transform/', 'fixtures/apps/', 'test/types/legacy-decorators.ts'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [js.configs.recommended],
    languageOptions: { globals: globals.node, ecmaVersion: 'latest' },
  },
  {
    files: ['{src,hooks,test}/**/*.ts'],
    ignores: ['src/viewer/**'],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // Built-ins are kept unbound on purpose, before a program can patch them.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['src/viewer/**/*.{ts,tsx}'],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './src/viewer/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    // What runs inside of the program.
    files: ['src/{recorder,api}/**/*.ts', 'hooks/**/*.ts'],
    plugins: { handit: { rules: { intrinsics } } },
    rules: { 'handit/intrinsics': 'error' },
  },
  {
    // What runs in between: tests spy on these.
    files: ['src/{agent,files,loader,process}/**/*.ts', 'src/{agent,log}.ts'],
    ignores: ['src/loader/{hooks-thread,source-map,compiled-body}.ts', 'src/process/package-manager.ts'],
    plugins: { handit: { rules: { intrinsics } } },
    rules: { 'handit/intrinsics': ['error', { only: ['JSON'] }] },
  },
  {
    files: ['src/transform/**/*.ts'],
    // Syntax trees of any language version are walked as plain data.
    rules: uncheckedValues,
  },
  {
    files: ['test/**/*.ts'],
    // A test looks into parsed JSON and foreign modules; the assertions check what the types cannot.
    rules: uncheckedValues,
  },
  {
    files: ['test/types/*-types.ts'],
    // Written for the compiler: nothing of it runs.
    rules: {
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/ban-ts-comment': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': 'off',
    },
  },
);
