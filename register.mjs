import './dist/register.cjs';
