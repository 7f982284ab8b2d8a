#!/usr/bin/env node
import '@troupe/core/floor';
import '../dist/src/main.js';
