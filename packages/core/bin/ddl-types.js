#!/usr/bin/env node
import '../dist/src/plugin/ddl-types-main.js';
