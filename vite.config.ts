// Builds everything from one place: the window (dist/web), Electron's main and service (ESM), its preload (CJS), and the terminal.
// An environment whose entry files do not exist is left out, so the window can be built alone.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import type { EnvironmentOptions } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Natives and what only the host can give; `ws` tries two optional natives and lives without them. */
const external = ['electron', 'better-sqlite3', 'bufferutil', 'utf-8-validate'];

type Inputs = Readonly<Record<string, string>>;

function present(inputs: Inputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs)
      .map(([name, path]) => [name, at(path)] as const)
      .filter(([, path]) => existsSync(path)),
  );
}

function node(inputs: Inputs, outDir: string, format: 'es' | 'cjs', extension: string): EnvironmentOptions {
  return {
    consumer: 'server',
    resolve: { noExternal: true, external, conditions: ['node', 'module', 'import', 'default'] },
    define: { 'import.meta.env.DEV': 'false' },
    build: {
      ssr: true,
      target: 'node24',
      outDir: at(outDir),
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      copyPublicDir: false,
      rolldownOptions: {
        input: present(inputs),
        external,
        output: {
          format,
          entryFileNames: `[name].${extension}`,
          // No hash: what an earlier build left is written over, not shipped beside.
          chunkFileNames: 'chunks/[name].js',
          codeSplitting: format === 'es',
        },
      },
    },
  };
}

const nodeInputs = {
  main: { main: './src-main/hosts/electron/main.ts', 'store-service': './src-main/hosts/electron/store-service.ts' },
  preload: { preload: './src-main/hosts/electron/preload.ts' },
  cli: { cli: existsSync(at('./src-main/start/cli.ts')) ? './src-main/start/cli.ts' : './src-main/hosts/cli/main.ts' },
} satisfies Record<string, Inputs>;

export default defineConfig({
  root: at('./src-renderer'),
  base: './',
  plugins: [react()],
  environments: {
    client: {
      build: {
        outDir: at('./dist/web'),
        emptyOutDir: true,
        target: 'chrome140',
        sourcemap: true,
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 900,
      },
    },
    main: node(nodeInputs.main, './dist/electron', 'es', 'js'),
    preload: node(nodeInputs.preload, './dist/electron', 'cjs', 'cjs'),
    cli: node(nodeInputs.cli, './dist', 'es', 'js'),
  },
  builder: {
    async buildApp(builder) {
      const wanted = [
        'client',
        ...Object.entries(nodeInputs)
          .filter(([, i]) => Object.keys(present(i)).length > 0)
          .map(([n]) => n),
      ];
      for (const name of wanted) {
        const environment = builder.environments[name];
        if (environment !== undefined) await builder.build(environment);
      }
    },
  },
});
