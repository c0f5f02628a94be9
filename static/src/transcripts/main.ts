import "./transcript.css";
import { watchPlayer } from "./player";
import { search } from "./search";
import { watchProgress } from "./progress";

search();
watchProgress();
watchPlayer();
