#!/usr/bin/env node
import '@troupe/core/floor';
import module from 'node:module';

// What V8 compiled once is kept.
module.enableCompileCache();

await import('../dist/src/main.js');
