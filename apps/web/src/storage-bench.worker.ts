import { openStorageBench } from '@tabswarm/node/bench/storage';
import * as Comlink from 'comlink';

Comlink.expose(openStorageBench());
