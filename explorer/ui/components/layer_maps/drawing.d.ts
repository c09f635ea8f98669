export * from "../field_view/drawing.js";
