import { render } from 'preact';
import { App } from './app.tsx';
import { createStore } from './model.ts';

const root = document.getElementById('app');
if (root) render(<App store={createStore()} />, root);
