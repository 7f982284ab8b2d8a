#!/usr/bin/env node
import '@troupe/core/floor';
import { existsSync } from 'node:fs';
import module from 'node:module';

// What V8 compiled once is kept.
module.enableCompileCache();

const bundle = new URL('../dist/bundle/start.js', import.meta.url);
if (existsSync(bundle)) await (await import(bundle.href)).start();
else await import('../dist/src/main.js');
