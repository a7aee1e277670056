import { render } from 'preact';
import { App } from './app.tsx';
import { createStore } from './page/state.ts';

const root = document.getElementById('app');
if (root) render(<App store={createStore()} />, root);
