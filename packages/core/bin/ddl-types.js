#!/usr/bin/env node
import '../dist/src/floor.js';
import '../dist/src/ddl/ddl-types-main.js';
