export { default } from 'forepost/worker';
