#!/usr/bin/env node
import '../dist/src/fleet/emulate-main.js';
