#!/usr/bin/env node
import '../dist/src/floor.js';
import '../dist/src/plugin/ddl-types-main.js';
